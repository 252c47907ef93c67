import type { FailureCause } from './attempt.ts';

/** A system's error code in the words of a stage. */
export function causeOfSystemError(code: string): FailureCause {
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return 'reset';
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
    case 'EHOSTDOWN':
    case 'EACCES': // an ICMP "administratively prohibited", or a local firewall
    case 'EPERM':
      return 'unreachable';
    case 'ETIMEDOUT':
    case 'timeout': // ours: given up
      return 'timeout';
    case 'closed':
      return 'closed';
    case 'tls':
      return 'tls';
    default:
      return 'local';
  }
}
