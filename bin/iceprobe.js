#!/usr/bin/env node
import { main } from '../dist/cli.js';

process.exitCode = await main(process.argv.slice(2));

// Something that cannot be cancelled, like a name lookup in the system's resolver, must not keep a finished run alive.
// What a slow reader has not yet taken from stdout may.
setInterval(() => {
  if (process.stdout.writableLength === 0 && process.stderr.writableLength === 0) process.exit();
}, 500).unref();
