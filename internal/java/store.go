package java

import (
	"bytes"
	"cmp"
	digest "crypto/sha1"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"software.sslmate.com/src/go-pkcs12"
)

const (
	maxFile  = 16 << 20 // bytes; the largest store of a JDK has 200 KB
	maxAlias = 300      // bytes after a certificate in which its alias is; the next certificate is longer
	magicJKS = "\xfe\xed\xfe\xed"
	known    = "changeit"
)

// A TrustStore is the certificates that Java trusts as they are.
type TrustStore struct {
	Path string
	Type string // "JKS" or "PKCS12"

	anchors  []*x509.Certificate
	jdk      map[*x509.Certificate]bool // came with the JDK: its alias ends with "[jdk]"
	password string
	open     bool // PKCS12 without a password: not encrypted, no MAC
}

// Len is the number of trusted certificates.
func (s *TrustStore) Len() int { return len(s.anchors) }

var errDamaged = errors.New("the file is damaged")

// ErrJava is in the error of a store that Java cannot read either.
var ErrJava = errors.New("not readable by Java either")

// Open reads a JKS or PKCS12 store of at most 16 MB. Without a password it tries "changeit", then none: a JKS store
// needs none.
func Open(path, password string) (*TrustStore, error) {
	b, err := readLimited(path)
	if err != nil {
		return nil, fmt.Errorf("trust store: %w", err)
	}
	s := &TrustStore{Path: path, Type: "PKCS12", jdk: map[*x509.Certificate]bool{}}
	load, tries := s.loadPKCS12, []string{cmp.Or(password, known), ""}
	switch {
	case bytes.HasPrefix(b, []byte(magicJKS)):
		s.Type, load = "JKS", s.loadJKS
		if password != "" { // Java checks the integrity with it
			tries = tries[:1]
		}
	case bytes.HasPrefix(b, []byte{0xce, 0xce, 0xce, 0xce}):
		return nil, fmt.Errorf("trust store %s: JCEKS stores cannot be read, check it with keytool -list", path)
	case !bytes.HasPrefix(b, []byte{0x30}):
		return nil, fmt.Errorf("trust store %s: neither JKS nor PKCS12: %w", path, ErrJava)
	}
	var failed error
	for _, p := range tries {
		if err := load(b, p); err == nil {
			s.password, s.open = p, p == "" && s.Type == "PKCS12"
			return s, nil
		} else if failed == nil {
			failed = err
		}
	}
	if password != "" && (s.Type == "JKS" || errors.Is(failed, pkcs12.ErrIncorrectPassword)) {
		failed = ErrJava
	}
	return nil, fmt.Errorf("trust store %s: not readable with the password that is known: %w", path, failed)
}

// loadJKS takes the trusted certificates and, as Java does, the first certificate of each key entry. Without a
// password it does not check the integrity. The format is that of OpenJDK's JavaKeyStore.
func (s *TrustStore) loadJKS(b []byte, password string) error {
	end := len(b) - digest.Size
	if end < len(magicJKS) {
		return errDamaged
	}
	if password != "" {
		var wide []byte
		for _, c := range utf16.Encode([]rune(password)) {
			wide = append(wide, byte(c>>8), byte(c))
		}
		if digest.Sum(slices.Concat(wide, []byte("Mighty Aphrodite"), b[:end])) != [digest.Size]byte(b[end:]) {
			return errors.New("the password is wrong, or the file is damaged")
		}
	}
	in := cryptobyte.String(b[len(magicJKS):end])
	var version, entries uint32
	ok := in.ReadUint32(&version) && version == 2 && in.ReadUint32(&entries)
	for ; ok && entries > 0; entries-- {
		var tag uint32
		var alias, key cryptobyte.String
		certs := uint32(1)
		ok = in.ReadUint32(&tag) && in.ReadUint16LengthPrefixed(&alias) && in.Skip(8) && // the time of its creation
			(tag == 2 || tag == 1 && read32(&in, &key) && in.ReadUint32(&certs))
		for i := uint32(0); ok && i < certs; i++ {
			var kind, der cryptobyte.String
			ok = in.ReadUint16LengthPrefixed(&kind) && read32(&in, &der)
			if c, err := x509.ParseCertificate(der); i == 0 && err == nil { // Go refuses some old roots that Java reads
				s.anchors = append(s.anchors, c)
				s.jdk[c] = bytes.HasSuffix(alias, []byte("[jdk]"))
			}
		}
	}
	if !ok {
		return errDamaged
	}
	return nil
}

func read32(in, out *cryptobyte.String) bool {
	var n uint32
	return in.ReadUint32(&n) && in.ReadBytes((*[]byte)(out), int(n))
}

// loadPKCS12 takes the trusted certificates; where there is a key too, its certificate and those that are not of its
// chain. The aliases of a store that is not encrypted are after the certificates, in UTF-16.
func (s *TrustStore) loadPKCS12(b []byte, password string) error {
	certs, err := pkcs12.DecodeTrustStore(b, password)
	if err != nil {
		_, leaf, more, e := pkcs12.DecodeChain(b, password)
		if e != nil {
			return err
		}
		certs = []*x509.Certificate{leaf}
		last := leaf
		for _, c := range more {
			if bytes.Equal(c.RawSubject, last.RawIssuer) {
				last = c
			} else {
				certs = append(certs, c)
			}
		}
	}
	s.anchors = certs
	for _, c := range certs {
		_, after, _ := bytes.Cut(b, c.Raw)
		s.jdk[c] = bytes.Contains(after[:min(len(after), maxAlias)], []byte("\x00[\x00j\x00d\x00k"))
	}
	return nil
}

// readLimited reads a regular file: to open a pipe would block.
func readLimited(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New(path + " is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(b) > maxFile {
		err = errors.New(path + " is too large")
	}
	return b, err
}
