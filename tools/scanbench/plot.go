package main

import (
	"fmt"
	"strings"
)

// point is what a log of a size took.
type point struct{ gib, wall, cpu float64 }

// points are a table's rows.
func (t table) points() []point {
	var all []point
	for _, r := range t.rows {
		if len(r.runs) > 0 {
			all = append(all, point{float64(r.size) / (1 << 30), r.median(func(x ran) float64 { return x.took.Seconds() }),
				r.median(func(x ran) float64 { return x.cpu.Seconds() })})
		}
	}
	return all
}

// plot draws points as SVG: both axes are linear and begin at 0, so that a cost
// that is proportional to the size is a straight line.
func plot(all []point) string {
	const width, height, left, bottom, top = 640.0, 320.0, 56.0, 40.0, 28.0
	var x, y float64
	for _, p := range all {
		x, y = max(x, p.gib), max(y, p.wall, p.cpu)
	}
	at := func(gib, s float64) (float64, float64) {
		return left + gib/x*(width-left-24), height - bottom - s/y*(height-bottom-top)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12" role="img" aria-label="Seconds by size of the log">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/><text x="%.0f" y="18">jira-oauth-watcher scan on one core: seconds by size of the log (GiB); medians, ● elapsed, ○ CPU</text>`+"\n", left)
	for i := range 6 {
		gx, _ := at(x*float64(i)/5, 0)
		_, gy := at(0, y*float64(i)/5)
		fmt.Fprintf(&b, `<path d="M%.1f %.1fH%.1f" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="end">%.2f</text><text x="%.1f" y="%.1f" text-anchor="middle">%.1f</text>`+"\n",
			left, gy, width-24, left-6, gy+4, y*float64(i)/5, gx, height-bottom+18, x*float64(i)/5)
	}
	for _, series := range []struct {
		fill string
		of   func(point) float64
	}{{"#0b5cad", func(p point) float64 { return p.wall }}, {"white", func(p point) float64 { return p.cpu }}} {
		line := ""
		for i, p := range all {
			px, py := at(p.gib, series.of(p))
			line += fmt.Sprintf("%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[i == 0], px, py)
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s" stroke="#0b5cad"/>`+"\n", px, py, series.fill)
		}
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="#0b5cad"/>`+"\n", line)
	}
	return b.String() + "</svg>\n"
}
