// Package config reads the file that says what remuda serves: the store, the kinds
// of tasks and what runs them, where tasks come from, and when.
package config

// A Config is a whole file. It is made by [Load], which checks it.
type Config struct {
	Store     *Store          `yaml:"store,omitempty" jsonschema_description:"The store in a directory, in the process that serves. It excludes nats."`
	NATS      []string        `yaml:"nats,omitempty" jsonschema_description:"Addresses of a NATS cluster with JetStream. It excludes store."`
	Replicas  int             `yaml:"replicas,omitempty" jsonschema:"minimum=1,maximum=5" jsonschema_description:"How many servers of the NATS cluster have each task. It excludes store. The default is one for what does not exist yet; remuda migrate changes what does."`
	Kinds     map[string]Kind `yaml:"kinds,omitempty" jsonschema_description:"The kinds of tasks, by name."`
	Providers []Provider      `yaml:"providers,omitempty" jsonschema_description:"Where tasks come from."`
	Cron      map[string]Cron `yaml:"cron,omitempty" jsonschema_description:"What is pushed by the clock, by name."`
	Grace     Duration        `yaml:"grace,omitempty" jsonschema_description:"How long tasks that run may take to end when remuda is told to stop. The default is 20s."`

	file    *source
	program []string // kinds that the program has beside those of the file
	part    *Part    // nil is all
}

// A Store is a directory that has the tasks.
type Store struct {
	Dir     string `yaml:"dir,omitempty" jsonschema_description:"The directory. The default is var/remuda."`
	Max     Size   `yaml:"max,omitempty" jsonschema_description:"How much may be stored, as in 10GB. The default is three quarters of what is free."`
	Relaxed bool   `yaml:"relaxed,omitempty" jsonschema_description:"Write to disk each second instead of at each change."`
}

// A Kind is how the tasks of a kind are treated and what runs them.
type Kind struct {
	Attempts int      `yaml:"attempts,omitempty" jsonschema_description:"How often a task is run before it is dead. The default is 20."`
	Timeout  Duration `yaml:"timeout,omitempty" jsonschema_description:"Bounds each attempt. The default is none."`
	Keep     Duration `yaml:"keep,omitempty" jsonschema_description:"How long the result of a task is kept. The default is 1h."`
	Lease    Duration `yaml:"lease,omitempty" jsonschema_description:"How long a worker may be out of reach before another runs its task. The default is 30s."`
	Queued   int      `yaml:"queued,omitempty" jsonschema_description:"How many tasks may wait. The default is a million."`
	Running  int      `yaml:"running,omitempty" jsonschema_description:"How many tasks may run at a time, over all processes. The default is no bound."`
	Backoff  *Backoff `yaml:"backoff,omitempty" jsonschema_description:"How long a task waits after a failure."`
	Command  *Command `yaml:"command,omitempty" jsonschema_description:"A program that runs each task. It excludes http."`
	HTTP     *HTTP    `yaml:"http,omitempty" jsonschema_description:"A URL that is called for each task. It excludes command."`
	OnDead   *OnDead  `yaml:"on_dead,omitempty" jsonschema_description:"What is pushed when a task is given up."`
}

// A Backoff doubles from First to Most.
type Backoff struct {
	First Duration `yaml:"first,omitempty" jsonschema_description:"After the first failure. The default is 1s."`
	Most  Duration `yaml:"most,omitempty" jsonschema_description:"The longest. The default is 10m."`
}

// A Command is a program that gets the payload on its standard input and gives the
// result on its standard output. No shell is involved, and nothing of a task is in
// its arguments.
type Command struct {
	Argv      []string          `yaml:"argv" jsonschema_description:"The program and its arguments. No shell reads them."`
	Workers   int               `yaml:"workers,omitempty" jsonschema_description:"How many run at a time in this process. The default is 1."`
	RetryExit []int             `yaml:"retry_exit,omitempty" jsonschema_description:"Exit codes that are worth another attempt; with it, all others bury the task at once. Without it, each failure is tried again."`
	Dir       string            `yaml:"dir,omitempty" jsonschema_description:"The working directory. The default is that of the config file."`
	Env       map[string]string `yaml:"env,omitempty" jsonschema_description:"Added to the environment of remuda, as it stands: $NAME means nothing here."`
	Output    Size              `yaml:"output,omitempty" jsonschema_description:"The largest result. The default is 512KB."`
	Grace     Duration          `yaml:"grace,omitempty" jsonschema_description:"From SIGTERM to SIGKILL. The default is 5s."`
}

// An HTTP is a URL that gets the payload by POST and answers with the result.
type HTTP struct {
	URL      string            `yaml:"url" jsonschema_description:"http:// or https://. $NAME means nothing here: see headers."`
	Workers  int               `yaml:"workers,omitempty" jsonschema_description:"How many calls at a time from this process. The default is 1."`
	Headers  map[string]string `yaml:"headers,omitempty" jsonschema_description:"Added to each call. $NAME and ${NAME} are taken from the environment, and have to be there; $$ is a dollar."`
	Patience Duration          `yaml:"patience,omitempty" jsonschema_description:"For how long after its push a task may be put off by Retry-After without that being an attempt. The default is 1h."`
	Output   Size              `yaml:"output,omitempty" jsonschema_description:"The largest result. The default is 512KB."`
}

// An OnDead is the kind of task that tells of dead tasks.
type OnDead struct {
	Kind string `yaml:"kind" jsonschema_description:"The kind. Its tasks get id, kind, attempts, reason and payload as JSON."`
}

// A Provider is one place that tasks come from. Exactly one of its fields is set.
type Provider struct {
	Directory *Directory `yaml:"directory,omitempty" jsonschema_description:"A directory; each file in it becomes a task."`
	HTTP      *Listener  `yaml:"http,omitempty" jsonschema_description:"An address that takes tasks over HTTP."`
	Redis     *Redis     `yaml:"redis,omitempty" jsonschema_description:"A list of Redis; each value in it becomes a task."`
}

// A Redis is a list whose values become tasks.
type Redis struct {
	Addr         string `yaml:"addr" jsonschema_description:"host:port. The server is Redis 6.2 or newer, or Valkey."`
	List         string `yaml:"list" jsonschema_description:"The key of the list. Keys that begin with it and :remuda are remuda's own."`
	Kind         string `yaml:"kind" jsonschema_description:"The kind; the payload is the value."`
	From         string `yaml:"from,omitempty" jsonschema:"enum=left,enum=right" jsonschema_description:"The end that values are taken from. The default is right, for those that come with LPUSH."`
	DB           int    `yaml:"db,omitempty" jsonschema_description:"The number of the database. The default is 0."`
	User         string `yaml:"user,omitempty" jsonschema_description:"The name of the user."`
	PasswordFile string `yaml:"password_file,omitempty" jsonschema_description:"A file with the password, which others can't read. It excludes password_env."`
	PasswordEnv  string `yaml:"password_env,omitempty" jsonschema_description:"The name of a variable of the environment with the password."`
	TLS          bool   `yaml:"tls,omitempty" jsonschema_description:"Connect with TLS."`
}

// A Directory is one whose files become tasks.
type Directory struct {
	Path   string   `yaml:"path" jsonschema_description:"The directory. Names that begin with a dot or end in .tmp or .part are left alone."`
	Kind   string   `yaml:"kind" jsonschema_description:"The kind; the payload is the content of the file."`
	Done   string   `yaml:"done" jsonschema_description:"Where files go that were stored as tasks."`
	Failed string   `yaml:"failed,omitempty" jsonschema_description:"Where files go that can't be a task, such as one that is too large. The default is the directory failed in path."`
	Settle Duration `yaml:"settle,omitempty" jsonschema_description:"How long a file must not have changed. The default is 1s."`
}

// A Listener is an address of the remote API.
type Listener struct {
	Listen    string   `yaml:"listen" jsonschema_description:"host:port, of the HTTP interface and the page. Other than loopback addresses need token_file or client_ca_file."`
	Kinds     []string `yaml:"kinds,omitempty" jsonschema_description:"The kinds that can be pushed and read. The default is all of the file."`
	TokenFile string   `yaml:"token_file,omitempty" jsonschema_description:"A file with the token that callers send as Authorization: Bearer."`
	Control   bool     `yaml:"control,omitempty" jsonschema_description:"Also cancel, redrive, delete, pause, resume, resize and cron. It needs token_file or client_ca_file."`
	CertFile  string   `yaml:"cert_file,omitempty" jsonschema_description:"The certificate for TLS, with those between it and the CA. Read again at SIGHUP, as the other files."`
	KeyFile   string   `yaml:"key_file,omitempty" jsonschema_description:"Its key, which others can't read."`
	ClientCA  string   `yaml:"client_ca_file,omitempty" jsonschema_description:"Only callers with a certificate of one of these CAs are accepted."`
	Body      Size     `yaml:"body,omitempty" jsonschema_description:"The largest body. The default is 900KB."`
	Rate      int      `yaml:"rate,omitempty" jsonschema_description:"How many requests are accepted each second. The default is 1000."`
}

// A Cron is a task that the store pushes by the clock.
type Cron struct {
	Spec  string `yaml:"spec" jsonschema_description:"Five fields as in crontab, six with seconds before them, @hourly, @daily, @weekly, @monthly, @yearly, or @every 90s."`
	Zone  string `yaml:"zone,omitempty" jsonschema_description:"The name of a time zone. The default is UTC."`
	Kind  string `yaml:"kind" jsonschema_description:"The kind."`
	Input any    `yaml:"input,omitempty" jsonschema_description:"The payload, which becomes JSON."`
}
