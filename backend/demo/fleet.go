package demo

import (
	"time"

	"vmorchestrator/backend/domain"
)

// unit is a systemd unit as systemctl and journalctl tell of it.
type unit struct {
	Description string
	Active      bool
	Result      string // of a failed one
	PID         int
	MemoryMiB   float64
	Journal     []string // messages, oldest first
	Chatter     []string // what `journalctl -f` keeps saying
}

// container is a row of `docker ps`.
type container struct{ ID, Image, Command, Status, Ports, Name string }

// disk is a row of df. Sizes in MiB.
type disk struct {
	Device, Type, Mount string
	Size, Used          int64
}

// machineSpec is what one demo machine is.
type machineSpec struct {
	Name        string
	Description string
	Environment domain.Environment
	Tags        []string
	OS, Version string // "Debian GNU/Linux", "12 (bookworm)"
	Address     string
	CPUs        int
	MemoryMiB   int64
	UsedMiB     int64
	Load        [3]float64
	Booted      time.Time
	Disks       []disk
	Units       map[string]unit
	Containers  []container
	Updates     []string         // lines of `apt list --upgradable`, on Alpine of `apk version`
	Folders     map[string]int64 // what du finds in them, in MiB; nil is a share of what the root disk has
	Files       map[string]string
}

// fleetSpecs is the fleet: two web servers, a database, a queue, and one that fails on purpose.
func fleetSpecs(now time.Time) []machineSpec {
	nginx := unit{
		Description: "A high performance web server and a reverse proxy server", Active: true, PID: 812, MemoryMiB: 18.4,
		Journal: []string{"Starting A high performance web server and a reverse proxy server...", "Started A high performance web server and a reverse proxy server."},
		Chatter: []string{
			`10.0.4.2 - "GET /health HTTP/1.1" 200 2`, `10.0.9.17 - "GET /api/orders?page=2 HTTP/1.1" 200 8121`,
			`10.0.9.31 - "POST /api/orders HTTP/1.1" 201 311`, `10.0.9.8 - "GET /assets/app.css HTTP/1.1" 304 0`,
		},
	}
	ssh := unit{Description: "OpenBSD Secure Shell server", Active: true, PID: 640, MemoryMiB: 6.1, Journal: []string{"Server listening on 0.0.0.0 port 22."}, Chatter: []string{
		"Accepted publickey for deploy from 10.0.9.2 port 51122 ssh2: ED25519 SHA256:u3oF1pQk", "Received disconnect from 10.0.9.2 port 51122:11: disconnected by user",
		"Connection closed by authenticating user root 10.0.9.77 port 40110 [preauth]",
	}}
	cron := unit{Description: "Regular background program processing daemon", Active: true, PID: 601, MemoryMiB: 1.2, Journal: []string{"(CRON) INFO (Running @reboot jobs)"}}
	updates := []string{
		"base-files/stable 12.4+deb12u12 amd64 [upgradable from: 12.4+deb12u11]",
		"libc6/stable-security 2.36-9+deb12u13 amd64 [upgradable from: 2.36-9+deb12u10]",
		"libssl3/stable-security 3.0.17-1~deb12u3 amd64 [upgradable from: 3.0.17-1~deb12u2]",
		"tzdata/stable 2025b-0+deb12u2 all [upgradable from: 2025b-0+deb12u1]",
	}
	web := func(name, address string, days int) machineSpec {
		return machineSpec{
			Name: name, Description: "A web server", Environment: domain.EnvDevelopment, Tags: []string{"web"},
			OS: "Debian GNU/Linux", Version: "12 (bookworm)", Address: address, CPUs: 2, MemoryMiB: 1968, UsedMiB: 402,
			Load: [3]float64{0.08, 0.11, 0.09}, Booted: now.Add(-time.Duration(days) * 25 * time.Hour),
			Disks:      []disk{{"/dev/vda1", "ext4", "/", 25052, 6120}, {"/dev/vda15", "vfat", "/boot/efi", 124, 12}},
			Units:      map[string]unit{"nginx": nginx, "ssh": ssh, "cron": cron},
			Containers: []container{{"3f1c2b7a9d40", "shop/api:4.2.1", `"/app/server"`, "Up 6 days", "0.0.0.0:8080->8080/tcp", "shop-api"}},
			Updates:    updates,
			Files:      map[string]string{"/var/log/nginx/access.log": accessLog(name)},
		}
	}
	broken := nginx
	broken.Active, broken.Result = false, "exit-code"
	broken.Journal = []string{"Starting A high performance web server and a reverse proxy server...", "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", "nginx.service: Failed with result 'exit-code'."}
	broken.Chatter = []string{"nginx.service: Scheduled restart job, restart counter is at 5.", "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", "nginx.service: Failed with result 'exit-code'."}

	return []machineSpec{
		web("demo-web-1", "10.0.4.11", 6),
		web("demo-web-2", "10.0.4.12", 41),
		{
			Name: "demo-db-1", Description: "A database", Environment: domain.EnvProduction, Tags: []string{"db"},
			OS: "Debian GNU/Linux", Version: "12 (bookworm)", Address: "10.0.4.20", CPUs: 8, MemoryMiB: 32102, UsedMiB: 21874,
			Load: [3]float64{1.72, 1.54, 1.61}, Booted: now.Add(-212 * 24 * time.Hour),
			Disks: []disk{{"/dev/nvme0n1p1", "ext4", "/", 51240, 11830}, {"/dev/nvme1n1", "xfs", "/var/lib/postgresql", 511872, 447201}},
			Units: map[string]unit{"postgresql": {
				Description: "PostgreSQL RDBMS", Active: true, PID: 1204, MemoryMiB: 18211.9,
				Journal: []string{"Starting PostgreSQL RDBMS...", "database system is ready to accept connections"},
				Chatter: []string{"LOG:  checkpoint starting: time", "LOG:  checkpoint complete: wrote 812 buffers (5.0%)", "LOG:  automatic vacuum of table \"shop.public.orders\": index scans: 1"},
			}, "ssh": ssh, "cron": cron},
			Updates: updates[:2],
		},
		{
			Name: "demo-queue-1", Description: "A message queue", Environment: domain.EnvStaging, Tags: []string{"queue"},
			OS: "Alpine Linux", Version: "3.21", Address: "10.0.4.30", CPUs: 1, MemoryMiB: 981, UsedMiB: 611,
			Load: [3]float64{0.31, 0.28, 0.30}, Booted: now.Add(-3 * time.Hour),
			Disks: []disk{{"/dev/vda3", "ext4", "/", 9801, 4410}},
			Units: map[string]unit{"rabbitmq-server": {
				Description: "RabbitMQ broker", Active: true, PID: 701, MemoryMiB: 142.6,
				Journal: []string{"Server startup complete; 4 plugins started."},
				Chatter: []string{"accepting AMQP connection 10.0.4.11:51422 -> 10.0.4.30:5672", "closing AMQP connection 10.0.4.12:48110 -> 10.0.4.30:5672"},
			}, "ssh": ssh},
			Containers: []container{
				{"a81d03c95e12", "shop/worker:4.2.1", `"/app/worker"`, "Up 3 hours", "", "worker-1"},
				{"77be410fd2c3", "shop/worker:4.2.0", `"/app/worker"`, "Up 3 hours (unhealthy)", "", "worker-2"},
			},
			Updates: []string{
				"busybox-1.37.0-r9                       < 1.37.0-r12",
				"libcrypto3-3.3.2-r4                     < 3.3.3-r0",
			},
		},
		{
			Name: "demo-broken-1", Description: "Fails on purpose: a full disk and a web server that can't start", Environment: domain.EnvTest, Tags: []string{"web", "broken"},
			OS: "Debian GNU/Linux", Version: "12 (bookworm)", Address: "10.0.4.66", CPUs: 2, MemoryMiB: 1968, UsedMiB: 1911,
			Load: [3]float64{7.90, 6.42, 5.01}, Booted: now.Add(-49 * time.Hour),
			Disks:   []disk{{"/dev/vda1", "ext4", "/", 25052, 25052}},
			Folders: map[string]int64{"/var/log/nginx": 18211, "/var/log/journal": 912, "/usr/lib": 3120, "/var/lib/dpkg": 640, "/var/cache": 1104, "/opt": 410},
			Units:   map[string]unit{"nginx": broken, "ssh": ssh, "cron": cron},
			Updates: updates,
			Files:   map[string]string{"/var/log/nginx/access.log": accessLog("demo-broken-1")},
		},
	}
}

func accessLog(name string) string {
	lines := ""
	for i, path := range []string{"/", "/health", "/api/orders", "/assets/app.js", "/api/orders/1204", "/favicon.ico"} {
		status := "200"
		if name == "demo-broken-1" && i%2 == 0 {
			status = "502"
		}
		lines += "10.0.9." + string(rune('1'+i)) + ` - - "GET ` + path + ` HTTP/1.1" ` + status + "\n"
	}
	return lines
}
