package system

import (
	"bytes"
	"io"
	"net/http"
)

// Whole reads a request of at most limit bytes before it is passed on. A body that is passed on while it is read may be
// closed by the answer before its end was seen, and then the answer is cut short too.
func Whole(limit int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		if err != nil {
			http.Error(w, "The request didn't come through.", http.StatusBadRequest)
			return
		}
		out := r.Clone(r.Context())
		out.ContentLength, out.TransferEncoding = int64(len(body)), nil
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		out.Body, _ = out.GetBody() // never an error
		next.ServeHTTP(w, out)
	})
}
