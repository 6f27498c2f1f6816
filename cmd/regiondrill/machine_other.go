//go:build !windows

package main

const onWindows = false

func prepare() {}
