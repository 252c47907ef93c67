// A TURN client on pion/turn: allocates, sends datagrams to an echoing peer through the relay, and says in JSON what came back.
//
//	pion-client -server 127.0.0.1:3478 -transport tcp -user alice -password secret -peer 127.0.0.1:5000 -count 100 -size 172
package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/pion/turn/v2"
)

func main() {
	server := flag.String("server", "", "HOST:PORT of the TURN server")
	transport := flag.String("transport", "udp", "udp or tcp")
	user := flag.String("user", "", "user name")
	password := flag.String("password", "", "password")
	realm := flag.String("realm", "", "realm")
	peerAddress := flag.String("peer", "", "HOST:PORT of a peer that echoes")
	count := flag.Int("count", 100, "datagrams to send")
	size := flag.Int("size", 172, "their length in bytes")
	flag.Parse()

	conn := connect(*transport, *server)
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: *server, TURNServerAddr: *server, Conn: conn,
		Username: *user, Password: *password, Realm: *realm,
	})
	check(err)
	check(client.Listen())
	mapped, err := client.SendBindingRequest()
	check(err)
	relay, err := client.Allocate()
	check(err)
	peer, err := net.ResolveUDPAddr("udp", *peerAddress)
	check(err)

	seen := map[uint32]bool{}
	buffer := make([]byte, 65536)
	for i := 0; i < *count; i++ {
		payload := make([]byte, *size)
		binary.BigEndian.PutUint32(payload, uint32(i))
		_, err := relay.WriteTo(payload, peer)
		check(err)
		check(relay.SetReadDeadline(time.Now().Add(2 * time.Second)))
		length, from, err := relay.ReadFrom(buffer)
		if err == nil && length == *size && from.String() == peer.String() {
			seen[binary.BigEndian.Uint32(buffer)] = true
		}
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"mapped": mapped.String(), "relayed": relay.LocalAddr().String(), "sent": *count, "received": len(seen),
	}))
	check(relay.Close())
	client.Close()
}

func connect(transport, server string) net.PacketConn {
	if transport == "tcp" {
		stream, err := net.Dial("tcp", server)
		check(err)
		return turn.NewSTUNConn(stream)
	}
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	check(err)
	return conn
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
