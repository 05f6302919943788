package corpus

var (
	units = []string{
		"sshd", "systemd", "nginx", "postgres", "redis-server", "kubelet", "containerd", "dockerd", "cron", "rsyslogd",
		"NetworkManager", "systemd-resolved", "chronyd", "haproxy", "prometheus", "node_exporter", "grafana", "kernel",
		"checkout", "billing", "inventory", "gateway", "auth", "mailer", "search", "thumbnailer", "scheduler",
	}
	people  = []string{"root", "deploy", "ubuntu", "postgres", "backup", "anna", "jonas", "mirko", "git", "www-data"}
	folders = []string{"var/log", "var/lib", "srv/www", "etc", "opt/app/releases", "home/deploy", "usr/share", "tmp", "mnt/data"}
	levels  = []string{"info", "info", "info", "info", "debug", "debug", "warn", "error"}
	codes   = []string{"200", "200", "200", "200", "200", "304", "301", "404", "499", "500", "502"}
	words   = []string{
		"account", "archive", "backup", "batch", "bucket", "cache", "catalog", "certificate", "channel", "checkpoint",
		"cluster", "config", "connection", "container", "counter", "customer", "dashboard", "delivery", "digest", "entity",
		"event", "export", "feature", "folder", "gateway", "handler", "image", "import", "index", "invoice", "journal",
		"keyring", "label", "ledger", "listener", "manifest", "message", "metric", "migration", "mirror", "module", "node",
		"notice", "object", "order", "package", "parcel", "partition", "payload", "payment", "pipeline", "policy", "pool",
		"price", "product", "profile", "queue", "quota", "receipt", "record", "region", "release", "replica", "report",
		"request", "resource", "route", "schema", "segment", "session", "shard", "shipment", "snapshot", "socket", "stock",
		"stream", "subnet", "tenant", "thread", "ticket", "token", "topic", "transfer", "upload", "vault", "volume", "worker",
	}
	agents = []string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
		"curl/8.5.0", "kube-probe/1.31", "Prometheus/2.55.0", "python-requests/2.32.3", "Go-http-client/2.0",
	}
	requests = []string{
		"GET /api/v2/%w/%d?page=%d", "GET /api/v2/%w/%X", "POST /api/v2/%w", "PUT /api/v2/%w/%d", "GET /assets/%w-%x.js",
		"GET /assets/%w-%x.css", "GET /images/%w/%d/%x.webp", "GET /healthz", "GET /metrics", "DELETE /api/v2/%w/%d",
		"GET /search?q=%w+%w&sort=%w", "GET /%w/%w/%d", "HEAD /", "POST /oauth/token",
	}
	journal = []string{
		"Accepted publickey for %p from %a port %d ssh2: ED25519 SHA256:%X",
		"Disconnected from user %p %a port %d",
		"Failed password for invalid user %p from %a port %d ssh2",
		"pam_unix(sshd:session): session opened for user %p(uid=%d) by (uid=0)",
		"Started Session %d of User %p.",
		"%u.service: Deactivated successfully.",
		"%u.service: Consumed %d.%dms CPU time, %dM memory peak.",
		"Starting %u.service - %w %w %w...",
		"(%p) CMD (/usr/local/bin/%w-%w --%w=%d > /dev/null 2>&1)",
		"checkpoint complete: wrote %d buffers (%d.%d%); %d WAL file(s) added, %d removed, %d recycled; write=%d.%d s, sync=%d.%d s",
		"duration: %d.%d ms  statement: SELECT %w_id, %w, %w FROM %w WHERE %w_id = %d ORDER BY %w DESC LIMIT %d",
		"ERROR:  duplicate key value violates unique constraint \"%w_%w_key\"",
		"connection from %a:%d to %w/%w closed after %d ms, %d bytes in, %d bytes out",
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task=%w,pid=%d,uid=%d",
		"eth0: Link is Up - 10Gbps/Full, rx %d errors, tx %d dropped",
		"[UFW BLOCK] IN=eth0 OUT= SRC=%a DST=%a LEN=%d TTL=%d ID=%d PROTO=TCP SPT=%d DPT=%d WINDOW=%d SYN",
		"\"PullImage\" image=\"registry.example.com/%w/%w:v%d.%d\" took %d.%ds, sha256:%X%X",
		"probe of %w-%w-%x failed: Get \"http://%a:%d/healthz\": context deadline exceeded",
		"Selected source %a (%w.pool.ntp.org), offset %d us, root delay %d us",
	}
	messages = []string{
		"%w %d stored in %w", "%w for %p accepted", "no %w for %w %x, asking %w", "retry %d of %w to %a: connection reset by peer",
		"%w moved from %w-%d to %w-%d", "slow query on %w: %d rows", "%w cache: %d hits, %d misses, %d evicted",
		"published %w.%w to topic %w, partition %d, offset %d", "token of %p expires in %d s", "GET %a:%d/%w answered %d",
		"feature %w-%w is on for tenant %x", "deadline exceeded waiting for %w %X", "batch %d: %d %w exported to s3://%w-%w/%x.parquet",
	}
	builds = []string{
		"[%d/%d] CXX obj/src/%w/%w_%w.o", "[%d/%d] Linking target lib%w_%w.so.%d",
		"ok  \tgithub.com/acme/%w/%w\t%d.%ds\tcoverage: %d.%d% of statements",
		"--- PASS: Test%w_%w_%d (%d.%ds)", "=== RUN   Test%w_%w_%d",
		"npm warn deprecated %w-%w@%d.%d.%d: use %w-%w instead", "added %d packages, and audited %d packages in %ds",
		"Get:%d http://deb.debian.org/debian bookworm/main amd64 lib%w%d amd64 %d.%d.%d-%d [%d kB]",
		"Unpacking lib%w-%w (%d.%d.%d-%d) over (%d.%d.%d-%d) ...", "Setting up %w-%w (%d.%d.%d-%d) ...",
		" ---> Running in %x%x", "Step %d/%d : RUN install -m 644 %f %f", "#%d %d.%d sha256:%X %dMB / %dMB",
		"src/%w/%w.c:%d:%d: warning: unused variable '%w_%w' [-Wunused-variable]",
		"Compiling %w-%w v%d.%d.%d", "dist/assets/%w-%x.js   %d.%d kB | gzip: %d.%d kB", "TASK [%w : %w the %w] ****************",
		"ok: [%w-%d.example.com] => (item=%w)", "changed: [%w-%d.example.com]",
	}
	plain = []string{
		"/dev/mapper/vg0-%w   %dG  %dG  %dG  %d% /%w", "%p   %d  %d.%d  %d.%d %d %d ?  Ss   %d:%d /usr/sbin/%u --config /etc/%w.conf",
		"-rw-r--r-- 1 %p %p %d %w-%x.tar.zst", "drwxr-xr-x %d %p %p 4096 %w", "  Active: active (running) since day %d; main PID: %d (%u)",
		"tcp   LISTEN %d %d %a:%d 0.0.0.0:* users:((\"%u\",pid=%d,fd=%d))", "%x%x%x  %f", "%w=%w", "%d\t%f",
		"%a  %w-%d.example.com %w-%d", "total %d", " %d:%d  up %d days, %d users, load average: %d.%d, %d.%d, %d.%d",
		"rsync: sent %d bytes  received %d bytes  %d.%d bytes/sec", "deleting %f", "%f: OK", "", "  %w: %d", "server.%w.%w: \"%x\"",
	}

	patterns = [kinds][]string{Journal: journal, Nginx: requests, JSON: messages, Build: builds, Plain: plain}
)
