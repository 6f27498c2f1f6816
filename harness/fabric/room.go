package fabric

import "sync"

// sizes of the buffers that a room keeps. An idle connection holds none of them.
var sizes = [...]int{2 << 10, 16 << 10, largest}

// room keeps the buffers of a fabric's segments, by size.
type room [len(sizes)]sync.Pool

// buffer is the bytes of a segment.
type buffer struct {
	data []byte
	size int // index in sizes
}

func (b *buffer) fits(n int) bool { return cap(b.data)-len(b.data) >= n }
func (b *buffer) add(p []byte)    { b.data = append(b.data, p...) }

// obtain is an empty buffer that fits n bytes, at most largest.
func (r *room) obtain(n int) *buffer {
	size := 0
	for size < len(sizes)-1 && sizes[size] < n {
		size++
	}
	if b, ok := r[size].Get().(*buffer); ok {
		return b
	}
	return &buffer{data: make([]byte, 0, sizes[size]), size: size}
}

func (r *room) release(b *buffer) {
	b.data = b.data[:0]
	r[b.size].Put(b)
}
