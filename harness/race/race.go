// Package race tells tests whether the race detector watches them, which makes a second ten.
package race
