package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// file is a file of an archive or a layer, or with a name that ends in a slash a directory.
type file struct {
	name string
	mode fs.FileMode
	user int // and group
	data []byte
}

// archives writes an archive of each program with the documents: a .zip for Windows,
// and a .tar.gz for others.
func (r *release) archives(programs []string) error {
	for _, program := range programs {
		system, arch := platform(program)
		name := fmt.Sprintf("jira-oauth-watcher-%s-%s-%s", r.version, system, arch)
		files, err := r.contents(program, name)
		if err != nil {
			return err
		}
		data, suffix := []byte(nil), ".tar.gz"
		if system == "windows" {
			suffix = ".zip"
			data, err = zipped(files, r.date)
		} else {
			data, err = tarred(files, r.date)
			data = gzipped(data)
		}
		if err != nil {
			return err
		}
		if err := r.write(name+suffix, data); err != nil {
			return err
		}
	}
	return nil
}

// contents are the files of the archive of a program, below one directory.
func (r *release) contents(program, dir string) ([]file, error) {
	binary, err := read(program, dir+"/"+filepath.Base(program), 0o755)
	if err != nil {
		return nil, err
	}
	license, err := read(filepath.Join(r.stage, "copyright"), dir+"/copyright", 0o644)
	if err != nil {
		return nil, err
	}
	docs, err := below(filepath.Join(r.stage, "doc"), dir+"/doc/")
	return append([]file{{name: dir + "/", mode: 0o755}, binary, license, {name: dir + "/doc/", mode: 0o755}}, docs...), err
}

// read makes a file of one on disk.
func read(path, name string, mode fs.FileMode) (file, error) {
	data, err := os.ReadFile(path)
	return file{name: name, mode: mode, data: data}, err
}

// below is what is below a directory, in the order of names, with prefix before each name.
func below(dir, prefix string) ([]file, error) {
	var files []file
	root := os.DirFS(dir)
	return files, fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || name == ".":
			return err
		case d.IsDir():
			files = append(files, file{name: prefix + name + "/", mode: 0o755})
			return nil
		}
		data, err := fs.ReadFile(root, name)
		files = append(files, file{name: prefix + name, mode: 0o644, data: data})
		return err
	})
}

// tarred is a tar archive in which everything has this date.
func tarred(files []file, date time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: int64(f.mode), Uid: f.user, Gid: f.user,
			Size: int64(len(f.data)), ModTime: date}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // without a name or a date
	w.Write(data)                                         // into memory
	w.Close()
	return b.Bytes()
}

func zipped(files []file, date time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: date}
		h.SetMode(f.mode)
		if strings.HasSuffix(f.name, "/") {
			h.SetMode(f.mode | fs.ModeDir)
		}
		part, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(part, bytes.NewReader(f.data)); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}
