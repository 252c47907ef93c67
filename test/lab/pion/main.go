// A TURN server on pion/turn: a second implementation, by other people, to hold verdicts against.
//
//	pion -realm lab -user alice:secret -relay 198.19.1.2 udp:198.19.1.2:3478 tcp:198.19.1.2:3478 tls:198.19.1.2:5349
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/pion/turn/v2"
)

func main() {
	realm := flag.String("realm", "lab", "REALM of the challenge; may be empty")
	user := flag.String("user", "", "NAME:PASSWORD of the only user")
	secret := flag.String("secret", "", "shared secret for expiring credentials, in place of -user")
	relay := flag.String("relay", "", "address advertised in XOR-RELAYED-ADDRESS")
	bind := flag.String("bind", "", "address the relay sockets are bound to (the advertised one by default)")
	ports := flag.String("ports", "49152-65535", "relay ports, LOW-HIGH")
	certificate := flag.String("cert", "", "certificate chain, PEM")
	key := flag.String("key", "", "private key, PEM")
	flag.Parse()

	var low, high uint16
	_, err := fmt.Sscanf(*ports, "%d-%d", &low, &high)
	check(err)
	if *bind == "" {
		*bind = *relay
	}
	generator := &turn.RelayAddressGeneratorPortRange{
		RelayAddress: net.ParseIP(*relay), Address: *bind, MinPort: low, MaxPort: high,
	}
	config := turn.ServerConfig{Realm: *realm, AuthHandler: authentication(*user, *secret, *realm)}
	for _, listen := range flag.Args() {
		protocol, address, _ := strings.Cut(listen, ":")
		switch protocol {
		case "udp":
			socket, err := net.ListenPacket("udp", address)
			check(err)
			config.PacketConnConfigs = append(config.PacketConnConfigs,
				turn.PacketConnConfig{PacketConn: socket, RelayAddressGenerator: generator})
		case "tcp", "tls":
			listener, err := net.Listen("tcp", address)
			check(err)
			if protocol == "tls" {
				pair, err := tls.LoadX509KeyPair(*certificate, *key)
				check(err)
				listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
			}
			config.ListenerConfigs = append(config.ListenerConfigs,
				turn.ListenerConfig{Listener: listener, RelayAddressGenerator: generator})
		default:
			check(fmt.Errorf("%s: udp:, tcp: or tls: expected", listen))
		}
	}
	_, err = turn.NewServer(config)
	check(err)
	fmt.Println("ready")
	// Whoever started us holds our standard input open for as long as the server is wanted.
	buffer := make([]byte, 1)
	for {
		if _, err := os.Stdin.Read(buffer); err != nil {
			return
		}
	}
}

func authentication(user, secret, realm string) turn.AuthHandler {
	if secret != "" {
		return turn.NewLongTermAuthHandler(secret, nil)
	}
	name, password, _ := strings.Cut(user, ":")
	key := turn.GenerateAuthKey(name, realm, password)
	return func(username, _ string, _ net.Addr) ([]byte, bool) { return key, username == name }
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pion:", err)
		os.Exit(1)
	}
}
