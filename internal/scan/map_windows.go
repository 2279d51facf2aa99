package scan

import (
	"errors"
	"os"
)

// mapped is an error, and files are copied: Windows lets nobody truncate a file that is mapped.
func mapped(*os.File, int64, int) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmapped([]byte) {}
