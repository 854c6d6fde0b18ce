// This file is put into the program pressrun by test/program, with the assembly beside it.

package main

import (
	"os"
	"syscall"
	"unsafe"
)

// wallShift is where the seconds lie that the wall clock is set by.
var wallShift *int64

// setWallClock has Go's runtime ask our own function for the time, in place of the kernel's
// in the vDSO.
func setWallClock()

func init() {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	file, err := os.Open(path + ".clock")
	if err != nil {
		panic(err)
	}
	memory, err := syscall.Mmap(int(file.Fd()), 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	_ = file.Close() // what is mapped stays
	wallShift = (*int64)(unsafe.Pointer(&memory[0]))
	setWallClock()
}
