// Load for a relay, from one process: a client that keeps a number of datagrams on their way through the relay, and the peer
// that sends each back. Says in JSON how many made the round trip. Both ends are closed loops, so the relay sets the pace.
//
//	turn-load -mode channel -server 127.0.0.1:3478 -user u -password p -size 172 -window 32 -seconds 3
//
// Modes: channel (ChannelData), indication (Send and Data), bare (the server forwards what it gets, as it is). With -rate that
// many are sent a second, whatever comes back, and what each took is told: half of them at most p50, 99 of 100 at most p99.
//
// allocations: 16 clients that allocate and give back, over and over; how many a second. hold: -count allocations, until
// stdin ends.
package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sort"
	"sync/atomic"
	"time"

	"github.com/pion/stun"
)

const channel = 0x4000

func main() {
	mode := flag.String("mode", "channel", "channel, indication or bare")
	server := flag.String("server", "", "HOST:PORT")
	user := flag.String("user", "", "user name")
	password := flag.String("password", "", "password")
	size := flag.Int("size", 172, "bytes of payload")
	window := flag.Int("window", 32, "datagrams on their way at a time")
	seconds := flag.Float64("seconds", 3, "how long, after a start of half a second")
	peerPort := flag.Int("peer", 0, "port of the peer")
	rate := flag.Float64("rate", 0, "datagrams a second, in the place of the window")
	count := flag.Int("count", 1000, "allocations to hold")
	flag.Parse()

	switch *mode {
	case "allocations":
		churn(*server, *user, *password, *seconds)
		return
	case "hold":
		hold(*server, *user, *password, *count)
		return
	}

	peer := listen(*peerPort)
	go echo(peer)
	client := listen(0)
	to := netip.MustParseAddrPort(*server)
	packet := make([]byte, *size)
	if *mode != "bare" {
		session := &session{conn: client, server: to, user: *user, password: *password}
		session.allocate()
		packet = session.prepare(*mode, peer.LocalAddr().(*net.UDPAddr), *size)
	}
	if *rate > 0 {
		paced(client, to, packet, *size, *rate, *seconds)
		return
	}
	run(client, to, packet, *window, *seconds)
}

// paced sends at a rate of its own; the time of sending is the payload's begin, and the payload the datagram's end.
func paced(client *net.UDPConn, to netip.AddrPort, packet []byte, size int, rate, seconds float64) {
	took := make([]float64, 0, int(rate*seconds)+1)
	done := make(chan struct{})
	begin := time.Now()
	fmt.Fprintln(os.Stderr, "started")
	sent := 0
	go func() {
		defer close(done)
		buffer := make([]byte, 65536)
		for {
			check(client.SetReadDeadline(time.Now().Add(time.Second)))
			n, _, err := client.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			if n < size {
				continue
			}
			at := int64(binary.BigEndian.Uint64(buffer[n-size:]))
			took = append(took, float64(time.Since(begin).Nanoseconds()-at)/1e6)
		}
	}()
	payload := packet[len(packet)-size:]
	for elapsed := 0.0; elapsed < seconds; elapsed = time.Since(begin).Seconds() {
		for ; float64(sent) < elapsed*rate; sent++ {
			binary.BigEndian.PutUint64(payload, uint64(time.Since(begin).Nanoseconds()))
			_, err := client.WriteToUDPAddrPort(packet, to)
			check(err)
		}
		time.Sleep(200 * time.Microsecond)
	}
	<-done
	sort.Float64s(took)
	of := func(share float64) float64 {
		if len(took) == 0 {
			return -1
		}
		return took[int(float64(len(took)-1)*share)]
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"sent": sent, "roundTrips": len(took), "p50": of(0.5), "p99": of(0.99), "seconds": seconds}))
}

// churn allocates and gives back from 16 clients at a time, each time from a new port.
func churn(server, user, password string, seconds float64) {
	var made atomic.Int64
	end := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	finished := make(chan struct{})
	for i := 0; i < 16; i++ {
		go func() {
			for time.Now().Before(end) {
				s := &session{conn: listen(0), server: netip.MustParseAddrPort(server), user: user, password: password}
				s.allocate()
				succeed(s.request(stun.MethodRefresh, stun.RawAttribute{Type: stun.AttrLifetime, Value: []byte{0, 0, 0, 0}}))
				check(s.conn.Close())
				made.Add(1)
			}
			finished <- struct{}{}
		}()
	}
	fmt.Fprintln(os.Stderr, "started")
	for i := 0; i < 16; i++ {
		<-finished
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"allocations": made.Load(), "seconds": seconds}))
}

func hold(server, user, password string, count int) {
	for i := 0; i < count; i++ {
		s := &session{conn: listen(0), server: netip.MustParseAddrPort(server), user: user, password: password}
		s.allocate()
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{"held": count}))
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func run(client *net.UDPConn, to netip.AddrPort, packet []byte, window int, seconds float64) {
	var received, sent, lastReceived atomic.Int64
	send := func() {
		sent.Add(1)
		_, err := client.WriteToUDPAddrPort(packet, to)
		check(err)
	}
	go func() {
		buffer := make([]byte, 65536)
		for {
			_, _, err := client.ReadFromUDPAddrPort(buffer)
			check(err)
			received.Add(1)
			send()
		}
	}()
	for i := 0; i < window; i++ {
		send()
	}
	// What was lost is out of the loop: a silence is ended by a new window.
	go func() {
		for range time.Tick(50 * time.Millisecond) {
			if now := received.Load(); now == lastReceived.Swap(now) {
				for i := 0; i < window; i++ {
					send()
				}
			}
		}
	}()
	time.Sleep(500 * time.Millisecond)
	fmt.Fprintln(os.Stderr, "started")
	start, before, sentBefore := time.Now(), received.Load(), sent.Load()
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	elapsed, count, sentCount := time.Since(start), received.Load()-before, sent.Load()-sentBefore
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"roundTrips": count, "sent": sentCount, "seconds": elapsed.Seconds(),
	}))
}

// echo sends everything back to where it came from.
func echo(peer *net.UDPConn) {
	buffer := make([]byte, 65536)
	for {
		n, from, err := peer.ReadFromUDPAddrPort(buffer)
		check(err)
		_, err = peer.WriteToUDPAddrPort(buffer[:n], from)
		check(err)
	}
}

type session struct {
	conn                          *net.UDPConn
	server                        netip.AddrPort
	user, password, realm, nonce string
}

func (s *session) allocate() {
	transport := stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}
	challenge := s.request(stun.MethodAllocate, transport)
	var realm stun.Realm
	var nonce stun.Nonce
	check(realm.GetFrom(challenge))
	check(nonce.GetFrom(challenge))
	s.realm, s.nonce = realm.String(), nonce.String()
	succeed(s.request(stun.MethodAllocate, transport))
}

// prepare makes the way to the peer and returns the packet that takes it.
func (s *session) prepare(mode string, peer *net.UDPAddr, size int) []byte {
	address := xorPeer{peer}
	if mode == "channel" {
		number := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{channel >> 8, channel & 0xff, 0, 0}}
		succeed(s.request(stun.MethodChannelBind, number, address))
		packet := make([]byte, 4+size)
		binary.BigEndian.PutUint16(packet, channel)
		binary.BigEndian.PutUint16(packet[2:], uint16(size))
		return packet
	}
	succeed(s.request(stun.MethodCreatePermission, address))
	data := stun.RawAttribute{Type: stun.AttrData, Value: make([]byte, size)}
	message, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), address, data)
	check(err)
	return message.Raw
}

func (s *session) request(method stun.Method, setters ...stun.Setter) *stun.Message {
	all := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, setters...)
	if s.nonce != "" {
		all = append(all, stun.NewUsername(s.user), stun.NewRealm(s.realm), stun.NewNonce(s.nonce),
			stun.NewLongTermIntegrity(s.user, s.realm, s.password))
	}
	message, err := stun.Build(all...)
	check(err)
	_, err = s.conn.WriteToUDPAddrPort(message.Raw, s.server)
	check(err)
	check(s.conn.SetReadDeadline(time.Now().Add(3 * time.Second)))
	buffer := make([]byte, 65536)
	n, _, err := s.conn.ReadFromUDPAddrPort(buffer)
	check(err)
	check(s.conn.SetReadDeadline(time.Time{}))
	answer := &stun.Message{Raw: append([]byte{}, buffer[:n]...)}
	check(answer.Decode())
	return answer
}

type xorPeer struct{ address *net.UDPAddr }

func (p xorPeer) AddTo(m *stun.Message) error {
	return stun.XORMappedAddress{IP: p.address.IP, Port: p.address.Port}.AddToAs(m, stun.AttrXORPeerAddress)
}

func succeed(answer *stun.Message) {
	if answer.Type.Class != stun.ClassSuccessResponse {
		check(fmt.Errorf("refused: %s", answer))
	}
}

func listen(port int) *net.UDPConn {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	check(err)
	check(conn.SetReadBuffer(1 << 20))
	return conn
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
