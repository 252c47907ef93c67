/**
 * Milliseconds on a monotonic clock that starts with the run. The core never asks what time it is: whoever drives a
 * machine hands it the instant, so tests run whole conversations in virtual time.
 */
export type Instant = number;

/** Seconds since 1970-01-01T00:00:00Z by the wall clock; only credentials with an expiry look at it. */
export type UnixSeconds = number;
