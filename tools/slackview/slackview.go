// Command slackview draws a Slack message as a picture, so that a change can be
// reviewed before anyone receives it. It is a tool for tests and documentation, not
// part of the product.
//
// What it draws resembles Slack and is not Slack: dates are in UTC, widths are those of
// a common phone and a desk, long texts are shown whole where Slack may collapse their
// end under "See more", and what it does not know it shows as an error.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "slackview:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("slackview", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "", "`file` to write: .html, or .png with chromium installed")
	widths := flags.String("widths", "420,720", "widths of the message in pixels, side by side")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run ./tools/slackview -out FILE [-widths 420,720] PAYLOAD.json…")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() == 0 {
		flags.Usage()
		return fmt.Errorf("needs -out and at least one payload")
	}
	var messages []message
	for _, name := range flags.Args() {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		m, err := parse(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		messages = append(messages, m)
	}
	w, total, err := parseWidths(*widths)
	if err != nil {
		return err
	}
	text := page(messages, w)
	if strings.HasSuffix(*out, ".html") {
		return os.WriteFile(*out, []byte(text), 0o644)
	}
	return picture(ctx, text, total, *out)
}

func parseWidths(s string) (widths []int, total int, err error) {
	for part := range strings.SplitSeq(s, ",") {
		var n int
		if _, err := fmt.Sscanf(part, "%d", &n); err != nil || n < 200 || n > 2000 {
			return nil, 0, fmt.Errorf("a width is a number from 200 to 2000, not %q", part)
		}
		widths = append(widths, n)
		total += n + 2*margin
	}
	return widths, total, nil
}

// picture has chromium take a screenshot of a page, as high as the page is.
func picture(ctx context.Context, html string, width int, out string) error {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return fmt.Errorf("a picture needs chromium: %w; without it, write .html", err)
	}
	dir, err := os.MkdirTemp("", "slackview")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, []byte(html), 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	browse := func(args ...string) ([]byte, error) {
		args = append([]string{"--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + filepath.Join(dir, "profile")},
			args...)
		text, err := exec.CommandContext(ctx, chromium, append(args, "file://"+file)...).Output()
		if err != nil {
			return nil, fmt.Errorf("chromium: %w", err)
		}
		return text, nil
	}
	// The page writes its height into its title.
	dom, err := browse(fmt.Sprintf("--window-size=%d,800", width), "--dump-dom")
	if err != nil {
		return err
	}
	height := 800
	if _, after, ok := strings.Cut(string(dom), "<title>"); ok {
		fmt.Sscanf(after, "%d", &height)
	}
	shot := filepath.Join(dir, "page.png")
	if _, err = browse(fmt.Sprintf("--window-size=%d,%d", width, min(height, 16_000)), "--screenshot="+shot); err != nil {
		return err
	}
	return squeeze(shot, out)
}

// squeeze writes a picture in fewer bytes than chromium does.
func squeeze(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	picture, err := png.Decode(in)
	if err != nil {
		return fmt.Errorf("chromium's picture: %w", err)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, indexed(picture)); err != nil {
		return err
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}

// indexed is a picture in its 256 most frequent colors: text on white needs no more.
func indexed(in image.Image) image.Image {
	rough := func(c color.Color) color.RGBA {
		const mask = 0xf8
		r, g, b, _ := c.RGBA()
		c8 := color.RGBA{uint8(r>>8) & mask, uint8(g>>8) & mask, uint8(b>>8) & mask, 0xff}
		if c8.R == mask && c8.G == mask && c8.B == mask {
			return color.RGBA{0xff, 0xff, 0xff, 0xff}
		}
		return c8
	}
	seen := map[color.RGBA]int{}
	area := in.Bounds()
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			seen[rough(in.At(x, y))]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(seen), func(a, b color.RGBA) int { return seen[b] - seen[a] })
	var palette color.Palette
	for _, c := range colors[:min(len(colors), 256)] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for _, c := range colors {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(area, palette)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			out.SetColorIndex(x, y, index[rough(in.At(x, y))])
		}
	}
	return out
}
