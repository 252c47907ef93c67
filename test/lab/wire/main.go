// The wire joins two Ethernet devices and delivers each frame late: a link with a propagation delay, for kernels
// without sch_netem. It reads and writes raw frames (packet(7)), so that everything crosses: UDP, TCP, ICMP, IPv6.
//
// Why Go: delaying needs raw sockets, which Node does not have, at some 10,000 frames a second; and the lab needs Go
// anyway, for its second TURN server.
//
//	wire -delay 40ms -jitter 5ms -seed 1 inner outer
package main

import (
	"container/heap"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// linux/if_packet.h; the syscall package lacks it.
	packetVnetHeader = 15
	// linux/virtio_net.h: before each frame, so that checksum and segmentation offloads survive the crossing.
	vnetHeaderLength = 10
	maxFrame         = vnetHeaderLength + 65536 + 18
)

func main() {
	delay := flag.Duration("delay", 0, "one way, each way")
	jitter := flag.Duration("jitter", 0, "spread of the delay, uniform; frames may overtake each other")
	seed := flag.Int64("seed", 1, "of the jitter")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: wire [-delay D] [-jitter D] [-seed N] DEVICE DEVICE")
		os.Exit(2)
	}
	inner, outer := open(flag.Arg(0)), open(flag.Arg(1))
	go carry(inner, outer, *delay, *jitter, *seed)
	go carry(outer, inner, *delay, *jitter, *seed+1)
	fmt.Println("ready")
	// Whoever started us holds our standard input open for as long as the link is wanted.
	buffer := make([]byte, 1)
	for {
		if _, err := os.Stdin.Read(buffer); err != nil {
			return
		}
	}
}

func open(name string) int {
	text, err := os.ReadFile("/sys/class/net/" + name + "/ifindex")
	check(err)
	index, err := strconv.Atoi(strings.TrimSpace(string(text)))
	check(err)
	protocol := htons(syscall.ETH_P_ALL)
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, int(protocol))
	check(err)
	check(syscall.SetsockoptInt(fd, syscall.SOL_PACKET, packetVnetHeader, 1))
	check(syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<20))
	check(syscall.Bind(fd, &syscall.SockaddrLinklayer{Protocol: protocol, Ifindex: index}))
	return fd
}

// carry reads frames from one side and writes each to the other once it is due.
func carry(from, to int, delay, jitter time.Duration, seed int64) {
	random := rand.New(rand.NewSource(seed))
	queue := &schedule{wake: make(chan struct{}, 1)}
	go queue.deliver(to)
	buffer := make([]byte, maxFrame)
	for {
		length, sender, err := syscall.Recvfrom(from, buffer, 0)
		if err == syscall.EINTR {
			continue
		}
		check(err)
		// Our own writes come back on the same device, marked as outgoing.
		if link, ok := sender.(*syscall.SockaddrLinklayer); ok && link.Pkttype == syscall.PACKET_OUTGOING {
			continue
		}
		due := time.Now().Add(delay)
		if jitter > 0 {
			due = due.Add(time.Duration(random.Int63n(2*int64(jitter)) - int64(jitter)))
		}
		queue.add(due, append([]byte(nil), buffer[:length]...))
	}
}

type frame struct {
	due   time.Time
	order int
	bytes []byte
}

// schedule is a heap of frames by the instant each is due; equals keep their order.
type schedule struct {
	lock   sync.Mutex
	frames frames
	count  int
	wake   chan struct{}
}

func (s *schedule) add(due time.Time, bytes []byte) {
	s.lock.Lock()
	s.count++
	heap.Push(&s.frames, frame{due, s.count, bytes})
	s.lock.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *schedule) deliver(to int) {
	for {
		s.lock.Lock()
		wait := time.Hour
		for len(s.frames) > 0 {
			if wait = time.Until(s.frames[0].due); wait > 0 {
				break
			}
			next := heap.Pop(&s.frames).(frame)
			s.lock.Unlock()
			// A full queue or a device that is down loses the frame, as a wire would.
			_, _ = syscall.Write(to, next.bytes)
			s.lock.Lock()
			wait = time.Hour
		}
		s.lock.Unlock()
		select {
		case <-s.wake:
		case <-time.After(wait):
		}
	}
}

type frames []frame

func (f frames) Len() int { return len(f) }
func (f frames) Less(i, j int) bool {
	if f[i].due.Equal(f[j].due) {
		return f[i].order < f[j].order
	}
	return f[i].due.Before(f[j].due)
}
func (f frames) Swap(i, j int)       { f[i], f[j] = f[j], f[i] }
func (f *frames) Push(x interface{}) { *f = append(*f, x.(frame)) }
func (f *frames) Pop() interface{} {
	old := *f
	last := old[len(old)-1]
	*f = old[:len(old)-1]
	return last
}

func htons(value uint16) uint16 { return value<<8 | value>>8 }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "wire:", err)
		os.Exit(1)
	}
}
