package tailer

import (
	"io/fs"
	"os"
	"syscall"
)

// Open opens a file for reading. Other programs can rename and remove it meanwhile, which
// os.Open prevents: log4j does not rotate a log that it cannot rename.
func Open(path string) (*os.File, error) { return open(path, syscall.GENERIC_READ) }

func open(path string, access uint32) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	const share = syscall.FILE_SHARE_READ | syscall.FILE_SHARE_WRITE | syscall.FILE_SHARE_DELETE
	h, err := syscall.CreateFile(name, access, share, nil, syscall.OPEN_EXISTING, syscall.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// stat is os.Stat, and what identifies the file. Both are of one open file, since a path may
// name another file a moment later. Access 0 conflicts with no other program's access.
func stat(path string) (fs.FileInfo, ident, error) {
	f, err := open(path, 0)
	if err != nil {
		return nil, ident{}, err
	}
	defer f.Close()
	return statOpen(f)
}

func statOpen(f *os.File) (fs.FileInfo, ident, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, ident{}, err
	}
	var i syscall.ByHandleFileInformation
	err = syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &i)
	return fi, ident{uint64(i.VolumeSerialNumber), uint64(i.FileIndexHigh)<<32 | uint64(i.FileIndexLow)}, err
}
