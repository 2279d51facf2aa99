//go:build system

package systemtest

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jira-oauth-watcher/internal/testkit"
)

// wine runs programs for Windows.
type wine struct {
	t      *testing.T
	prefix string
}

// newWine makes a Windows for one test. Go asks bcryptprimitives.dll for random numbers, which
// Wine has since version 9; it gets one that passes the question on.
func newWine(t *testing.T) wine {
	t.Helper()
	needs(t, "wine")
	w := wine{t, filepath.Join(t.TempDir(), "wine")}
	t.Cleanup(func() { w.command("wineserver", "-k", "-w").Run() })
	if out, err := w.command("wine", "wineboot", "--init").CombinedOutput(); err != nil {
		t.Fatalf("wineboot: %v\n%s", err, out)
	}
	random := filepath.Join(w.path("windows/system32"), "bcryptprimitives.dll")
	if _, err := os.Stat(random); err != nil {
		testkit.Write(t, random, forwarder("bcryptprimitives.dll", "ProcessPrng", "advapi32.SystemFunction036"))
	}
	return w
}

// path is where a file of drive C: is.
func (w wine) path(name string) string { return filepath.Join(w.prefix, "drive_c", name) }

func (w wine) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "WINEPREFIX="+w.prefix, "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", "DISPLAY=")
	return cmd
}

// forwarder is a library with one function, which is that of another library.
func forwarder(library, function, target string) string {
	const page, unit = 0x1000, 0x200 // where its only section is in memory, and in the file
	names := library + "\x00" + function + "\x00" + target + "\x00"
	at := uint32(page + 40 + 4 + 4 + 2)
	name, export := at, at+uint32(len(library))+1
	forward := export + uint32(len(function)) + 1
	size := uint32(len(names)) + at - page
	header := pe.OptionalHeader64{
		Magic: 0x20b, SizeOfInitializedData: unit, BaseOfCode: page, ImageBase: 0x6abc0000,
		SectionAlignment: page, FileAlignment: unit, MajorOperatingSystemVersion: 6, MajorSubsystemVersion: 6,
		SizeOfImage: 2 * page, SizeOfHeaders: unit, Subsystem: 3, DllCharacteristics: 0x100,
		SizeOfStackReserve: 1 << 20, SizeOfStackCommit: page, SizeOfHeapReserve: 1 << 20, SizeOfHeapCommit: page,
		NumberOfRvaAndSizes: 16,
	}
	header.DataDirectory[0] = pe.DataDirectory{VirtualAddress: page, Size: size}
	section := pe.SectionHeader32{
		Name: [8]uint8([]byte(".edata\x00\x00")), VirtualSize: size, VirtualAddress: page,
		SizeOfRawData: unit, PointerToRawData: unit, Characteristics: 0x40000040,
	}
	var b bytes.Buffer
	b.WriteString("MZ" + strings.Repeat("\x00", 58) + "\x40\x00\x00\x00PE\x00\x00")
	for _, part := range []any{
		pe.FileHeader{Machine: 0x8664, NumberOfSections: 1, SizeOfOptionalHeader: uint16(binary.Size(header)), Characteristics: 0x2022},
		header, section, make([]byte, unit-b.Len()-20-binary.Size(header)-binary.Size(section)),
		// IMAGE_EXPORT_DIRECTORY, its three tables with one row each, and the names.
		[]uint32{0, 0, 0, name, 1, 1, 1, page + 40, page + 44, page + 48}, forward, export, uint16(0), []byte(names),
	} {
		binary.Write(&b, binary.LittleEndian, part)
	}
	return b.String() + strings.Repeat("\x00", 2*unit-b.Len())
}
