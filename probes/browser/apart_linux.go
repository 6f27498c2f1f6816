package browser

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// canLiveApart tells whether a browser can have a network of its own here, which takes root's rights.
func canLiveApart() bool {
	return onItsOwnThread(func() error { return unix.Unshare(unix.CLONE_NEWNET) }) == nil
}

// onItsOwnThread runs something that changes the thread it runs on. The thread ends with it.
func onItsOwnThread(do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock it
		done <- do()
	}()
	return <-done
}

// setApart makes the browser's process start on a network of its own.
func setApart(cmd *exec.Cmd) { cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWNET }

// annex is the network of a browser that lives apart: loopback alone, on which every door that it uses has a twin. What
// goes into a twin comes out at the door, through this process.
type annex struct {
	pid int // whose network it is

	mu        sync.Mutex
	twins     map[string]*url.URL // by the door's address
	listeners []net.Listener
	closed    bool
}

// newAnnex opens the network of a process.
func newAnnex(pid int) (*annex, error) {
	a := &annex{pid: pid, twins: map[string]*url.URL{}}
	if err := a.inside(raiseLoopback); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoAnnex, err)
	}
	return a, nil
}

// inside runs something on a thread in that network. A socket that is made there stays there.
func (a *annex) inside(do func() error) error {
	return onItsOwnThread(func() error {
		network, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", a.pid))
		if err != nil {
			return err
		}
		defer network.Close()
		if err := unix.Setns(int(network.Fd()), unix.CLONE_NEWNET); err != nil {
			return err
		}
		return do()
	})
}

// raiseLoopback is ip link set lo up.
func raiseLoopback() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket) //nolint:errcheck // nothing was written to it
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, lo); err != nil {
		return err
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, lo)
}

// door is the door's twin.
func (a *annex) door(door *url.URL) (*url.URL, error) {
	if a == nil {
		return door, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, errClosed
	}
	if twin := a.twins[door.Host]; twin != nil {
		return twin, nil
	}
	var listener net.Listener
	err := a.inside(func() (err error) {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("opening a door on the browser's network: %w", err)
	}
	twin := *door
	twin.Host = listener.Addr().String()
	a.twins[door.Host], a.listeners = &twin, append(a.listeners, listener)
	go serveTwin(listener, door.Host)
	return &twin, nil
}

func (a *annex) close() error {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	var errs []error
	for _, l := range a.listeners {
		errs = append(errs, l.Close())
	}
	a.listeners = nil
	return errors.Join(errs...)
}

// serveTwin joins what comes to the door, until the listener is closed.
func serveTwin(listener net.Listener, door string) {
	for {
		in, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer in.Close()
			out, err := net.Dial("tcp", door)
			if err != nil {
				return // the browser sees a door that closes
			}
			defer out.Close()
			join(in.(*net.TCPConn), out.(*net.TCPConn))
		}()
	}
}

// join copies both ways until both have ended. A reset crosses as a reset.
func join(a, b *net.TCPConn) {
	var both sync.WaitGroup
	for _, way := range [][2]*net.TCPConn{{a, b}, {b, a}} {
		both.Go(func() {
			from, to := way[0], way[1]
			_, err := io.Copy(to, from)
			if errors.Is(err, unix.ECONNRESET) {
				_ = to.SetLinger(0)
				_ = to.Close()
				return
			}
			_ = to.CloseWrite() // the other way may go on
		})
	}
	both.Wait()
}
