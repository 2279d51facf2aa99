package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"jira-oauth-watcher/conf"
	"jira-oauth-watcher/internal/doctor"
	"jira-oauth-watcher/internal/java"
	"jira-oauth-watcher/internal/message"
	"jira-oauth-watcher/internal/text"
)

const maxHosts = 100 // on the command line

func (a *app) doctorCommand() *cobra.Command {
	c := &cobra.Command{Use: "doctor [HOST...]"}
	config, form := configFlag(c), formatFlag(c, "text", "json")
	save := c.Flags().String("save", "", "write missing certificates to the directory `DIR`, as PEM")
	c.RunE = func(_ *cobra.Command, hosts []string) error {
		return a.doctor(c.Context(), *config, *form, *save, hosts)
	}
	return c
}

// newDoctor is a doctor for the Jira of a configuration.
func newDoctor(c *conf.Config) *doctor.Doctor {
	places := append([]string{c.Jira.Home}, each(c.Logs, func(l conf.Log) string { return l.Path })...)
	where := java.Where{TrustStore: c.Probe.TrustStore, Install: c.Jira.Install, Jira: places}
	d := &doctor.Doctor{JVM: java.Find(where), Proxy: c.Probe.Proxy}
	if c.File != "" && c.File != defaultConfig {
		d.Arguments = " --config " + java.Quote(c.File)
	}
	return d
}

func (a *app) doctor(ctx context.Context, config, form, save string, hosts []string) error {
	c, err := loadConfig(config, true)
	if err != nil {
		return err
	}
	var endpoints []doctor.Endpoint
	if len(hosts) > maxHosts {
		return usage("doctor takes at most %d hosts", maxHosts)
	}
	for i, h := range hosts {
		e, err := doctor.Parse(h)
		if err != nil {
			return usage("host %d: %w", i+1, err)
		}
		endpoints = append(endpoints, e)
	}
	if len(hosts) == 0 {
		endpoints = doctor.Defaults(slices.Collect(maps.Keys(c.Integrations)))
	}
	if save != "" {
		if info, err := os.Stat(save); err != nil || !info.IsDir() {
			return usage("--save %s: not a directory, create it first", text.Printable(save))
		} else if info.Mode()&0o002 != 0 {
			return usage("--save %s: other users can write there, and could exchange the certificate: name another directory",
				text.Printable(save))
		}
	}
	d := newDoctor(c)
	report := doctor.NewReport(d, d.All(ctx, endpoints))
	if ctx.Err() != nil { // what was cut off looks like a fault
		return errors.New("stopped before all hosts were probed")
	}
	for i := range report.Endpoints {
		if err := savePEM(d, &report.Endpoints[i], save); err != nil {
			return err
		}
	}
	report.Verdict = doctor.Overall(report.Endpoints)
	if form == "json" {
		err = printJSON(a.out, report)
	} else {
		err = report.Text(a.out, message.Actor)
	}
	if err == nil && !report.Verdict.OK {
		err = errReported
	}
	return err
}

// savePEM writes the certificate that a trust store lacks to a new file. One that exists must be the same:
// somebody else may have put another certificate there, for root to import.
func savePEM(d *doctor.Doctor, r *doctor.Result, dir string) error {
	if r.Missing == nil || dir == "" {
		return nil
	}
	r.ImportFrom(dir, d.JVM)
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Missing.X509.Raw})
	f, err := os.OpenFile(r.Missing.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		if info, e := os.Lstat(r.Missing.File); e == nil && info.Mode().IsRegular() && info.Size() == int64(len(block)) {
			if old, e := os.ReadFile(r.Missing.File); e == nil && bytes.Equal(old, block) {
				return nil
			}
		}
		return fmt.Errorf("--save: %s exists and is another file: delete it, or save to another directory", r.Missing.File)
	}
	if err == nil {
		_, err = f.Write(block)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("--save: the certificate cannot be written: %w", err)
	}
	return nil
}
