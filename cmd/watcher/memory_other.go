//go:build !linux

package main

// On systems other than Linux the Go runtime keeps its defaults.

func beLight() {}

func (*daemon) giveBack() {}

func (*daemon) unmapMuch() {}
