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
// Fields may be strings, booleans, signed integers, any type with UnmarshalText (of a
// string, a whole number or a boolean), structs, and slices and string maps of
// these. Embedded structs count as if written out. Durations, days of the week
// and time zones are strings. A field without a tag is left alone.
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

// refuse notes a problem with the value at path.
func (d *decoder) refuse(path, format string, args ...any) {
	d.source.refused[path] = true
	d.problem(path, format, args...)
}

// table decodes what the keys say into the struct v.
func (d *decoder) table(path string, keys map[string]any, v reflect.Value) {
	fields, names := fieldsOf(v.Type())
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		p := join(path, key)
		f, known := fields[key]
		switch {
		case !known:
			d.keyProblem(p, "unknown key%s", hint(key, names, slices.Sorted(maps.Keys(fields))))
		case f.later:
			d.keyProblem(p, "not supported yet")
		case f.file:
			var name string
			d.value(p, keys[key], reflect.ValueOf(&name).Elem())
			v.FieldByIndex(f.index).Set(reflect.ValueOf(NewSecret(name)))
		default:
			d.value(p, keys[key], v.FieldByIndex(f.index))
		}
	}
}

// hint names the key that was probably meant, be it one that is not supported
// yet, or else those there are.
func hint(key string, names, all []string) string {
	if m := meant(key, all); m != "" || len(names) == 0 {
		return m
	}
	return ", allowed here: " + strings.Join(names, ", ")
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
func (d *decoder) value(path string, value any, v reflect.Value) {
	if s, ok := value.(string); ok && d.expand {
		if value = d.variables(path, s); d.source.refused[path] {
			return
		}
	}
	if to := unmarshaler(v); to != nil {
		d.text(path, value, to)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.table(path, d.keys(path, value), v)
	case reflect.Map:
		d.mapping(path, d.keys(path, value), v)
	case reflect.Slice:
		d.list(path, value, v)
	case reflect.String:
		if s, ok := value.(string); ok {
			v.SetString(s)
		} else {
			d.refuse(path, "expected a string in quotes")
		}
	case reflect.Bool:
		if b, ok := value.(bool); ok {
			v.SetBool(b)
		} else {
			d.refuse(path, "expected true or false, without quotes")
		}
	default:
		switch n, ok := value.(int64); {
		case !ok:
			d.refuse(path, "expected a whole number, without quotes")
		case v.OverflowInt(n):
			d.refuse(path, "the number %d is out of range", n)
		default:
			v.SetInt(n)
		}
	}
}

// unmarshaler decodes a text into v; nil if v is not made of one.
func unmarshaler(v reflect.Value) encoding.TextUnmarshaler {
	switch to := v.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return to
	case *time.Duration:
		return (*duration)(to)
	case *time.Weekday:
		return (*weekday)(to)
	case **time.Location:
		return zone{to}
	}
	return nil
}

// maxExpanded is how long a value may be with its environment variables.
const maxExpanded = 64 << 10

var variable = regexp.MustCompile(`\$\$\{|\$\{([A-Z_][A-Z0-9_]*)\}|\$\{`)

// variables replaces ${NAME} with the value of an environment variable, and $${ with ${. What else
// follows ${ is not shown: it may be a part of a secret.
func (d *decoder) variables(path, s string) string {
	size := len(s)
	return variable.ReplaceAllStringFunc(s, func(found string) string {
		if found == "$${" {
			return "${"
		}
		name := variable.FindStringSubmatch(found)[1]
		value, ok := os.LookupEnv(name)
		switch {
		case name == "":
			d.refuse(path, "expected ${NAME}, an environment variable in capitals (write $${ for a literal ${)")
		case strings.ContainsAny(value, "\r\n\x00"):
			d.refuse(path, "the environment variable %s has a line break: remove it", name)
		case !ok:
			d.refuse(path, "the environment variable %s is not set (write $${ for a literal ${)", name)
		}
		d.source.expanded[path] = true
		if size += len(value); size <= maxExpanded {
			return value
		}
		if !d.source.refused[path] {
			d.refuse(path, "longer than %d bytes with its environment variables", maxExpanded)
		}
		return ""
	})
}

// keys are those of a table.
func (d *decoder) keys(path string, value any) map[string]any {
	keys, ok := value.(map[string]any)
	switch {
	case ok:
	case strings.HasSuffix(path, "]"): // an element of a list
		d.refuse(path, "expected a table, written [[%s]]", withoutIndexes(path))
	default:
		d.refuse(path, "expected a table, written [%s]", withoutIndexes(path))
	}
	return keys
}

func (d *decoder) text(path string, value any, to encoding.TextUnmarshaler) {
	switch value.(type) {
	case string, int64, bool:
		if err := to.UnmarshalText(fmt.Append(nil, value)); err != nil {
			d.refuse(path, "%v", err)
		}
	default:
		d.refuse(path, "expected a string in quotes")
	}
}

// list decodes an array or [[tables]].
func (d *decoder) list(path string, value any, v reflect.Value) {
	list, one := reflect.ValueOf(value), reflect.New(v.Type().Elem()).Elem()
	switch {
	case list.Kind() == reflect.Slice:
	case one.Kind() == reflect.Struct && unmarshaler(one) == nil:
		d.refuse(path, "expected a list of tables, each written [[%s]]", withoutIndexes(path))
		return
	default:
		d.refuse(path, `expected a list in brackets, such as ["one", "two"]`)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), list.Len(), list.Len()))
	for i := range list.Len() {
		d.value(element(path, i), list.Index(i).Interface(), v.Index(i))
	}
}

func (d *decoder) mapping(path string, keys map[string]any, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		p, to := join(path, key), reflect.New(v.Type().Elem()).Elem()
		if _, dotted := keys[key].(map[string]any); dotted && to.Kind() == reflect.String {
			d.refuse(p, "expected a string in quotes; a key with dots must be in quotes, too")
			continue
		}
		if d.value(p, keys[key], to); !d.source.refused[p] {
			v.SetMapIndex(reflect.ValueOf(key), to)
		}
	}
}
