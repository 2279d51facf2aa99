package tailer

import (
	"io/fs"
	"os"
	"syscall"
)

// Open opens a file for reading. Others may rename and remove it meanwhile, which os.Open
// does not allow: a log4j that cannot rename its log does not rotate it.
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

// stat is os.Stat, and what identifies the file. It asks the file that it opens, since a
// path may name another one at the next question; no access keeps nobody from anything.
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
