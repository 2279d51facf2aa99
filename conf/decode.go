package conf

import (
	"encoding"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Decode reads TOML strictly into the struct that into points to: each key of
// the text must be a field with the tag `toml:"key"` and have its type. Keys
// are case-sensitive. The problems are all there are in the text, sorted; what
// has none is decoded all the same. The Source is nil if the text is no TOML.
//
// Fields may be strings, booleans, integers, any type with UnmarshalText (of a
// string, a whole number or a boolean), structs, and pointers, slices and
// string maps of these. Embedded structs count as if written out. A pointer
// distinguishes an absent key from a zero. Durations, days of the week and time zones are strings. A field without
// a tag is left alone.
//
// The tag `toml:"key,file"` of a Secret allows key_file, too: the Secret holds the name of
// that file then.
//
// The tag `toml:"key,later"` refuses a key that is known but not supported yet.
//
// file is only used in messages.
func Decode(file string, text []byte, into any) (*Source, Problems) {
	return decode(file, text, into, false)
}

// decode is Decode; expand says that strings may hold variables of the environment.
func decode(file string, text []byte, into any, expand bool) (*Source, Problems) {
	if len(text) > maxText {
		return nil, Problems{{File: file, Line: 1, Col: 1,
			Text: fmt.Sprintf("the file is larger than %d bytes", maxText)}}
	}
	t := newContent(normalise(text))
	tree, problem := parse(file, t)
	if problem != nil {
		return nil, Problems{*problem}
	}
	d := decoder{expand: expand}
	d.source = &Source{file: file, locations: scan(t).locations, expanded: map[string]bool{}, refused: map[string]bool{}}
	d.table("", tree, reflect.ValueOf(into).Elem())
	d.problems.Sort()
	return d.source, d.problems
}

type decoder struct {
	checker
	expand bool
}

// refuse notes a problem with the value at path. It returns false, as all of
// the decoder does when a value has a problem.
func (d *decoder) refuse(path, format string, args ...any) bool {
	d.source.refused[path] = true
	d.problem(path, format, args...)
	return false
}

// table decodes what the keys say into the struct v.
func (d *decoder) table(path string, keys map[string]any, v reflect.Value) bool {
	fields, names := fieldsOf(v.Type())
	good := true
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		p := join(path, key)
		f, known := fields[key]
		switch {
		case !known:
			d.keyProblem(p, "unknown key%s", hint(key, names, slices.Sorted(maps.Keys(fields))))
			good = false
		case f.later:
			good = d.later(p, keys[key])
		case f.file:
			var name string
			good = d.value(p, keys[key], reflect.ValueOf(&name).Elem()) && good
			v.FieldByIndex(f.index).Set(reflect.ValueOf(NewSecret(name)))
		default:
			good = d.value(p, keys[key], v.FieldByIndex(f.index)) && good
		}
	}
	return good
}

// hint names the key that was probably meant, be it one that is not supported
// yet, or else those there are.
func hint(key string, names, all []string) string {
	if n := Nearest(key, all); n != "" {
		return fmt.Sprintf(", did you mean %q?", n)
	}
	if len(names) == 0 {
		return ""
	}
	return ", allowed here: " + strings.Join(names, ", ")
}

// later refuses a key, or each of several [[tables]].
func (d *decoder) later(path string, value any) bool {
	places := []string{path}
	if tables, ok := value.([]map[string]any); ok {
		places = nil
		for i := range tables {
			places = append(places, element(path, i))
		}
	}
	for _, p := range places {
		d.keyProblem(p, "not supported yet")
	}
	return false
}

type field struct {
	index []int
	later bool
	file  bool // the key is key_file
}

// fieldsOf lists the keys of a struct, and the names to offer in their order.
func fieldsOf(t reflect.Type) (fields map[string]field, names []string) {
	fields = map[string]field{}
	for _, f := range reflect.VisibleFields(t) { // also those of embedded structs
		tag, ok := f.Tag.Lookup("toml")
		if !ok || f.Anonymous {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		fields[name] = field{index: f.Index, later: option == "later"}
		if option != "later" {
			names = append(names, name)
		}
		if option == "file" {
			fields[name+"_file"] = field{index: f.Index, file: true}
			names = append(names, name+"_file")
		}
	}
	return fields, names
}

// value decodes one value into v.
func (d *decoder) value(path string, value any, v reflect.Value) bool {
	if v.Kind() == reflect.Pointer && v.Type() != reflect.TypeFor[*time.Location]() {
		to := reflect.New(v.Type().Elem())
		good := d.value(path, value, to.Elem())
		if good {
			v.Set(to)
		}
		return good
	}
	if s, ok := value.(string); ok && d.expand {
		if value, ok = d.variables(path, s); !ok {
			return false
		}
	}
	switch to := v.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return d.text(path, value, to)
	case *time.Duration:
		return d.text(path, value, (*duration)(to))
	case *time.Weekday:
		return d.text(path, value, (*weekday)(to))
	case **time.Location:
		return d.text(path, value, zone{to})
	}
	switch v.Kind() {
	case reflect.Struct:
		keys, ok := value.(map[string]any)
		if !ok {
			return d.wantTable(path)
		}
		return d.table(path, keys, v)
	case reflect.Slice:
		return d.list(path, value, v)
	case reflect.Map:
		return d.mapping(path, value, v)
	case reflect.String:
		s, ok := value.(string)
		if !ok {
			return d.refuse(path, "expected a string in quotes")
		}
		v.SetString(s)
		return true
	case reflect.Bool:
		b, ok := value.(bool)
		if !ok {
			return d.refuse(path, "expected true or false, without quotes")
		}
		v.SetBool(b)
		return true
	}
	return d.number(path, value, v)
}

// maxExpanded is how long a value may be with its environment variables.
const maxExpanded = 64 << 10

var variable = regexp.MustCompile(`\$\$\{|\$\{([A-Z_][A-Z0-9_]*)\}|\$\{`)

// variables replaces ${NAME} with the value of an environment variable, and $${ with ${. What else
// follows ${ is not shown: it may be a part of a secret.
func (d *decoder) variables(path, s string) (string, bool) {
	good, size := true, len(s)
	expanded := variable.ReplaceAllStringFunc(s, func(found string) string {
		if found == "$${" {
			return "${"
		}
		name := variable.FindStringSubmatch(found)[1]
		value, ok := os.LookupEnv(name)
		switch {
		case name == "":
			good = d.refuse(path, "expected ${NAME}, an environment variable in capitals (write $${ for a literal ${)")
		case strings.ContainsAny(value, "\r\n\x00"):
			good = d.refuse(path, "the environment variable %s has a line break: remove it", name)
		case !ok:
			good = d.refuse(path, "the environment variable %s is not set (write $${ for a literal ${)", name)
		}
		d.source.expanded[path] = true
		if size += len(value); size > maxExpanded {
			good = good && d.refuse(path, "longer than %d bytes with its environment variables", maxExpanded)
			return ""
		}
		return value
	})
	return expanded, good
}

func (d *decoder) wantTable(path string) bool {
	if strings.HasSuffix(path, "]") { // an element of a list
		return d.refuse(path, "expected a table, written [[%s]]", withoutIndexes(path))
	}
	return d.refuse(path, "expected a table, written [%s]", withoutIndexes(path))
}

func (d *decoder) text(path string, value any, u encoding.TextUnmarshaler) bool {
	switch value.(type) {
	case string, int64, bool:
		if err := u.UnmarshalText(fmt.Append(nil, value)); err != nil {
			return d.refuse(path, "%v", err)
		}
		return true
	}
	return d.refuse(path, "expected a string in quotes")
}

func (d *decoder) number(path string, value any, v reflect.Value) bool {
	n, ok := value.(int64)
	switch {
	case v.CanInt():
		if ok && !v.OverflowInt(n) {
			v.SetInt(n)
			return true
		}
	case v.CanUint():
		if ok && n >= 0 && !v.OverflowUint(uint64(n)) {
			v.SetUint(uint64(n))
			return true
		}
	default:
		panic("conf: no key can have the type " + v.Type().String())
	}
	if ok {
		return d.refuse(path, "the number %d is out of range", n)
	}
	return d.refuse(path, "expected a whole number, without quotes")
}

// list decodes an array or [[tables]].
func (d *decoder) list(path string, value any, v reflect.Value) bool {
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice {
		if v.Type().Elem().Kind() == reflect.Struct && !unmarshals(v.Type().Elem()) {
			return d.refuse(path, "expected a list of tables, each written [[%s]]", withoutIndexes(path))
		}
		return d.refuse(path, `expected a list in brackets, such as ["one", "two"]`)
	}
	good := true
	v.Set(reflect.MakeSlice(v.Type(), list.Len(), list.Len()))
	for i := range list.Len() {
		good = d.value(element(path, i), list.Index(i).Interface(), v.Index(i)) && good
	}
	return good
}

func unmarshals(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func (d *decoder) mapping(path string, value any, v reflect.Value) bool {
	keys, ok := value.(map[string]any)
	if !ok {
		return d.wantTable(path)
	}
	good := true
	v.Set(reflect.MakeMap(v.Type()))
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		to := reflect.New(v.Type().Elem()).Elem()
		if _, dotted := keys[key].(map[string]any); dotted && to.Kind() == reflect.String {
			good = d.refuse(join(path, key), "expected a string in quotes; a key with dots must be in quotes, too")
		} else if d.value(join(path, key), keys[key], to) {
			v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), to)
		} else {
			good = false
		}
	}
	return good
}
