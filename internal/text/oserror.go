package text

import (
	"errors"
	"io/fs"
)

// WithoutPath is err without the operation and path of an fs.PathError, for a sentence that
// already names the file.
func WithoutPath(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}
