package archive

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/content"
)

// WriteTar writes a snapshot as a tar file, gzipped if its name ends with gz. The same
// snapshot gives the same bytes. The file is there whole or not at all.
func WriteTar(dir string, s *content.Snapshot, file string) error {
	read, write := io.Pipe()
	go func() { write.CloseWithError(pack(dir, s, write, strings.HasSuffix(file, "gz"))) }()
	_, err := atomicfile.Replace(file, read)
	_ = read.CloseWithError(err) // so that the goroutine ends
	if err != nil {
		return fmt.Errorf("write the tar file %s: %w", file, err)
	}
	return nil
}

func pack(dir string, s *content.Snapshot, out io.Writer, zip bool) error {
	if !zip {
		return packPlain(dir, s, out)
	}
	zipped := gzip.NewWriter(out)
	return errors.Join(packPlain(dir, s, zipped), zipped.Close())
}

func packPlain(dir string, s *content.Snapshot, out io.Writer) error {
	t := tar.NewWriter(out)
	names := []string{"snapshot.json", "changes.json"}
	for _, r := range s.Records {
		names = append(names, r.File())
	}
	for _, name := range names {
		file := filepath.Join(Folder(dir, s.ID), filepath.FromSlash(name))
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o444, Size: info.Size(), ModTime: s.Watermark, Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		if err := copyInto(t, file); err != nil {
			return err
		}
	}
	return t.Close()
}

func copyInto(w io.Writer, name string) error {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return errors.Join(err, f.Close())
}
