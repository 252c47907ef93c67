// Load for a relay, from one process: a client that keeps a number of datagrams on their way through the relay, and the peer
// that sends each back. Says in JSON how many made the round trip. Both ends are closed loops, so the relay sets the pace.
//
//	turn-load -mode channel -server 127.0.0.1:3478 -user u -password p -size 172 -window 32 -seconds 3
//
// Modes: channel (ChannelData), indication (Send and Data), bare (the server forwards what it gets, as it is).
package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
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
	flag.Parse()

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
	run(client, to, packet, *window, *seconds)
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
