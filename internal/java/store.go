package java

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"software.sslmate.com/src/go-pkcs12"
)

const maxStore = 16 << 20 // the largest store of a JDK has 200 KB

// A TrustStore is the certificates that Java trusts as they are.
type TrustStore struct {
	Path string
	Type string // "JKS" or "PKCS12"

	anchors  []*x509.Certificate
	jdk      map[*x509.Certificate]bool // came with the JDK: its alias ends with "[jdk]"
	password string
	open     bool // without a password: not encrypted, no MAC
}

// Len is the number of trusted certificates.
func (s *TrustStore) Len() int { return len(s.anchors) }

// Open reads a JKS or PKCS12 store of at most 16 MB. It tries the password, then "changeit" and none.
func Open(path, password string) (*TrustStore, error) {
	b, err := readLimited(path, maxStore)
	if err != nil {
		return nil, fmt.Errorf("trust store: %w", err)
	}
	s := &TrustStore{Path: path, Type: "PKCS12", jdk: map[*x509.Certificate]bool{}}
	load := s.loadPKCS12
	switch {
	case bytes.HasPrefix(b, []byte{0xfe, 0xed, 0xfe, 0xed}):
		s.Type, load = "JKS", s.loadJKS
	case bytes.HasPrefix(b, []byte{0xce, 0xce, 0xce, 0xce}):
		return nil, fmt.Errorf("trust store %s: JCEKS stores cannot be read, check it with keytool -list", path)
	case !bytes.HasPrefix(b, []byte{0x30}):
		return nil, fmt.Errorf("trust store %s: neither JKS nor PKCS12, check it with keytool -list", path)
	}
	for _, p := range []string{password, "changeit", ""} {
		if err = load(b, p); err == nil {
			s.password, s.open = p, p == "" && s.Type == "PKCS12"
			return s, nil
		}
	}
	return nil, fmt.Errorf("trust store %s: not readable with the password that is known, or not a JKS or PKCS12 store: %w", path, err)
}

// loadJKS takes the trusted certificates and, as Java does, the first certificate of each key entry.
func (s *TrustStore) loadJKS(b []byte, password string) error {
	ks := keystore.New(keystore.WithOrderedAliases())
	if err := ks.Load(bytes.NewReader(b), []byte(password)); err != nil {
		return err
	}
	s.anchors = nil
	for _, alias := range ks.Aliases() {
		var der []byte
		if e, err := ks.GetTrustedCertificateEntry(alias); err == nil {
			der = e.Certificate.Content
		} else if chain, err := ks.GetPrivateKeyEntryCertificateChain(alias); err == nil && len(chain) > 0 {
			der = chain[0].Content
		}
		if c, err := x509.ParseCertificate(der); err == nil { // Go refuses some old roots that Java reads
			s.anchors = append(s.anchors, c)
			s.jdk[c] = bytes.HasSuffix([]byte(alias), []byte("[jdk]"))
		}
	}
	return nil
}

func (s *TrustStore) loadPKCS12(b []byte, password string) error {
	certs, err := pkcs12.DecodeTrustStore(b, password)
	if err != nil {
		_, leaf, _, e := pkcs12.DecodeChain(b, password)
		if e != nil {
			return err
		}
		certs = []*x509.Certificate{leaf}
	}
	s.anchors = certs
	return nil
}

func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errors.New(path + " is too large")
	}
	return b, err
}
