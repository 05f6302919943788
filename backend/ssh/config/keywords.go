package config

import (
	"slices"
	"strings"
)

// keyword is one that the own resolver answers for: the proven set. What isn't in keywords goes to ssh. The rules are
// those of ssh_config(5) and readconf.c of OpenSSH 9.1 and later; the differential tests hold them against the installed one.
type keyword struct {
	// read checks a line and gives its values as ssh -G prints them, before tokens. It runs for lines of inactive blocks
	// too, because ssh refuses a file for those. Not ok: ask ssh. No values: the line sets nothing.
	read func(e *evaluation, l *line) (values []string, ok bool)
	// only, if there are any, are the values that may be in force for an answer; the others change more than the keyword.
	only []string
	// quiet keywords aren't printed unless set. Of all others ssh -G prints a default, by which it shows that it has them.
	quiet bool
	// variables: read asks for environment variables, so that a line isn't good for ever.
	variables bool
	// add takes the values of an active line where more than "the first one counts" is to be done.
	add func(e *evaluation, name string, values []string, at Origin, user bool) bool
}

// mine says whether values may be in force for an answer of ours.
func (k keyword) mine(values []string) bool {
	return len(k.only) == 0 || !slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(k.only, v) })
}

var (
	flag     = choice("yes", "true=yes", "no", "false=no")
	askFlag  = choice("true", "yes=true", "false", "no=false", "ask")
	anyWord  = one1(func(s string) (string, bool) { return s, s != "" })
	untokens = one1(func(s string) (string, bool) { return s, s != "" && !strings.ContainsAny(s, "~%$") })
)

var keywords = map[string]keyword{
	// Who and where.
	"user":                             {read: untokens, quiet: true},
	"hostname":                         {read: one1(hostName), quiet: true},
	"port":                             {read: one1(port), quiet: true},
	"addressfamily":                    {read: choice("any", "inet", "inet6")},
	"bindaddress":                      {read: anyWord, quiet: true},
	"bindinterface":                    {read: anyWord, quiet: true},
	"connecttimeout":                   {read: seconds1},
	"connectionattempts":               {read: one1(positive)},
	"tcpkeepalive":                     {read: flag},
	"serveraliveinterval":              {read: seconds1},
	"serveralivecountmax":              {read: one1(integer)},
	"batchmode":                        {read: flag},
	"proxyjump":                        {read: jump, quiet: true, add: addJump},
	"proxycommand":                     {read: command, quiet: true, add: addProxyCommand},
	"proxyusefdpass":                   {read: flag, only: []string{"no"}}, // "yes" is refused beside a ProxyJump
	"ipqos":                            {read: ipqos},
	"compression":                      {read: choice("yes", "no")},
	"canonicalizehostname":             {read: choice("true", "yes=true", "false", "no=false", "always"), only: []string{"false"}},
	"canonicalizemaxdots":              {read: one1(integer)},
	"canonicalizefallbacklocal":        {read: flag},
	"canonicaldomains":                 {read: domains},
	"controlmaster":                    {read: choice("true", "yes=true", "false", "no=false", "auto", "ask", "autoask")},
	"controlpath":                      {read: anyWord, quiet: true},
	"controlpersist":                   {read: persist},
	"rekeylimit":                       {read: rekeyLimit, add: addRekeyLimit},
	"ignoreunknown":                    {read: one1(short), quiet: true},
	"ciphers":                          {read: algorithms("cipher")},
	"macs":                             {read: algorithms("mac")},
	"kexalgorithms":                    {read: algorithms("kex")},
	"hostkeyalgorithms":                {read: algorithms("HostKeyAlgorithms")},
	"pubkeyacceptedalgorithms":         {read: algorithms("HostKeyAlgorithms")},
	"hostbasedacceptedalgorithms":      {read: algorithms("HostKeyAlgorithms")},
	"casignaturealgorithms":            {read: algorithms("CASignatureAlgorithms")},
	"requiredrsasize":                  {read: one1(integer)},
	"fingerprinthash":                  {read: choice("sha256=SHA256", "md5=MD5")},
	"loglevel":                         {read: choice("quiet=SILENT", "silent=SILENT", "fatal=FATAL", "error=ERROR", "info=INFO", "verbose=VERBOSE", "debug=DEBUG", "debug1=DEBUG", "debug2=DEBUG2", "debug3=DEBUG3")},
	"stricthostkeychecking":            {read: choice("true", "yes=true", "false", "no=false", "off=false", "ask", "accept-new")},
	"hostkeyalias":                     {read: one1(alias), quiet: true},
	"userknownhostsfile":               {read: hostsFiles},
	"globalknownhostsfile":             {read: hostsFiles},
	"knownhostscommand":                {read: command, quiet: true},
	"revokedhostkeys":                  {read: untokens, quiet: true},
	"updatehostkeys":                   {read: askFlag, only: []string{"true", "false"}}, // "ask" hangs on what is to be run
	"verifyhostkeydns":                 {read: askFlag},
	"checkhostip":                      {read: flag},
	"hashknownhosts":                   {read: flag},
	"visualhostkey":                    {read: flag},
	"nohostauthenticationforlocalhost": {read: flag},

	// How to prove who one is.
	"identityfile":                 {read: anyWord, add: addFile},
	"certificatefile":              {read: anyWord, quiet: true, add: addFile},
	"identitiesonly":               {read: flag},
	"identityagent":                {read: one1Env(agent), quiet: true, variables: true},
	"addkeystoagent":               {read: addKeys},
	"forwardagent":                 {read: forwardAgent, variables: true, add: addForwardAgent},
	"preferredauthentications":     {read: anyWord, quiet: true},
	"pubkeyauthentication":         {read: choice("true", "yes=true", "false", "no=false", "unbound", "host-bound")},
	"passwordauthentication":       {read: flag},
	"kbdinteractiveauthentication": {read: flag},
	"kbdinteractivedevices":        {read: anyWord, quiet: true},
	"hostbasedauthentication":      {read: flag},
	"enablesshkeysign":             {read: flag},
	"numberofpasswordprompts":      {read: one1(integer)},
	"securitykeyprovider":          {read: untokens},
	"gssapiauthentication":         {read: flag},
	"gssapikeyexchange":            {read: flag},
	"gssapidelegatecredentials":    {read: flag},
	"gssapitrustdns":               {read: flag},
	"gssapirenewalforcesrekey":     {read: flag},

	// What happens on the connection.
	"sendenv":                 {read: sendEnv, quiet: true, add: addSendEnv},
	"setenv":                  {read: setEnv, quiet: true},
	"localforward":            {read: forward, quiet: true, add: addForward},
	"remoteforward":           {read: forward, quiet: true, add: addForward},
	"dynamicforward":          {read: dynamicForward, quiet: true, add: addForward},
	"clearallforwardings":     {read: flag},
	"exitonforwardfailure":    {read: flag},
	"gatewayports":            {read: flag},
	"streamlocalbindunlink":   {read: flag},
	"forwardx11":              {read: flag},
	"forwardx11trusted":       {read: flag},
	"forwardx11timeout":       {read: seconds1},
	"xauthlocation":           {read: anyWord},
	"tunnel":                  {read: choice("ethernet", "point-to-point", "yes=point-to-point", "true=point-to-point", "false", "no=false")},
	"tunneldevice":            {read: one1(tunnelDevice)},
	"localcommand":            {read: command, quiet: true},
	"permitlocalcommand":      {read: flag},
	"remotecommand":           {read: remoteCommand, quiet: true},
	"requesttty":              {read: choice("true", "yes=true", "false", "no=false", "force", "auto"), add: passOver},
	"sessiontype":             {read: choice("none", "subsystem", "default"), only: []string{"default"}},
	"stdinnull":               {read: flag},
	"forkafterauthentication": {read: flag, only: []string{"no"}}, // "yes" is refused without a command
	"escapechar":              {read: one1(escapeChar)},
	"enableescapecommandline": {read: flag},
}

// aliases are the older names of keywords that mean the same since OpenSSH 8.7.
var aliases = map[string]string{
	"keepalive":                       "tcpkeepalive",
	"identityfile2":                   "identityfile",
	"pubkeyacceptedkeytypes":          "pubkeyacceptedalgorithms",
	"hostbasedkeytypes":               "hostbasedacceptedalgorithms",
	"challengeresponseauthentication": "kbdinteractiveauthentication",
}

// retired keywords are read over by ssh, with a message at most.
var retired = map[string]bool{
	"protocol": true, "cipher": true, "fallbacktorsh": true, "globalknownhostsfile2": true, "rhostsauthentication": true,
	"userknownhostsfile2": true, "useroaming": true, "usersh": true, "useprivilegedport": true, "afstokenpassing": true,
	"kerberosauthentication": true, "kerberostgtpassing": true, "rsaauthentication": true, "rhostsrsaauthentication": true,
	"compressionlevel": true,
}

// passOver is for RequestTTY: the command line asks for none (-T), and what is given there comes before the file.
func passOver(*evaluation, string, []string, Origin, bool) bool { return true }
