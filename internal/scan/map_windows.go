package scan

import (
	"errors"
	"os"
)

// mapped always fails, and files are read instead: on Windows nobody can truncate a mapped file.
func mapped(*os.File, int64, int) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmapped([]byte) {}
