package store

import (
	"fmt"
	"os"

	"jira-oauth-watcher/internal/text"
)

// Writable says why the state cannot be written, as far as this can be found out without writing;
// nil if it can. A write that fails ends the program anyway.
func (s *Store) Writable() error {
	path := s.db.Path()
	now, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("state file %s: %w", path, text.WithoutPath(err))
	case !os.SameFile(now, s.file):
		return fmt.Errorf("state file %s: it was replaced by another file: restart the service", path)
	}
	return writable(path)
}
