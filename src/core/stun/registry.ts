/** IANA's "STUN Parameters" registry, as far as any document assigns a meaning, with the names on the wire. */

/** RFC 8489 5: fixed, tells STUN from what came before it and from other protocols on the port. */
export const MAGIC_COOKIE = 0x2112a442;

export const Method = {
  Binding: 0x001, // RFC 8489
  SharedSecret: 0x002, // RFC 3489, reserved
  Allocate: 0x003, // RFC 8656
  Refresh: 0x004,
  Send: 0x006,
  Data: 0x007,
  CreatePermission: 0x008,
  ChannelBind: 0x009,
  Connect: 0x00a, // RFC 6062
  ConnectionBind: 0x00b,
  ConnectionAttempt: 0x00c,
  GoogPing: 0x080, // Google
} as const;

export const AttributeType = {
  // RFC 8489
  MappedAddress: 0x0001,
  Username: 0x0006,
  MessageIntegrity: 0x0008,
  ErrorCode: 0x0009,
  UnknownAttributes: 0x000a,
  Realm: 0x0014,
  Nonce: 0x0015,
  MessageIntegritySha256: 0x001c,
  PasswordAlgorithm: 0x001d,
  Userhash: 0x001e,
  XorMappedAddress: 0x0020,
  PasswordAlgorithms: 0x8002,
  AlternateDomain: 0x8003,
  Software: 0x8022,
  AlternateServer: 0x8023,
  Fingerprint: 0x8028,
  // RFC 8656
  ChannelNumber: 0x000c,
  Lifetime: 0x000d,
  XorPeerAddress: 0x0012,
  Data: 0x0013,
  XorRelayedAddress: 0x0016,
  RequestedAddressFamily: 0x0017,
  EvenPort: 0x0018,
  RequestedTransport: 0x0019,
  DontFragment: 0x001a,
  ReservationToken: 0x0022,
  AdditionalAddressFamily: 0x8000,
  AddressErrorCode: 0x8001,
  Icmp: 0x8004,
  // RFC 6062
  ConnectionId: 0x002a,
  // RFC 7635
  AccessToken: 0x001b,
  ThirdPartyAuthorization: 0x802e,
  // RFC 8016
  MobilityTicket: 0x8030,
  // RFC 5780
  ChangeRequest: 0x0003,
  Padding: 0x0026,
  ResponsePort: 0x0027,
  CacheTimeout: 0x8027,
  ResponseOrigin: 0x802b,
  OtherAddress: 0x802c,
  // RFC 8445
  Priority: 0x0024,
  UseCandidate: 0x0025,
  IceControlled: 0x8029,
  IceControlling: 0x802a,
  // RFC 6679
  EcnCheckStun: 0x802d,
  // RFC 3489, reserved since
  ResponseAddress: 0x0002,
  SourceAddress: 0x0004,
  ChangedAddress: 0x0005,
  Password: 0x0007,
  ReflectedFrom: 0x000b,
} as const;

export const ErrorCode = {
  TryAlternate: 300,
  BadRequest: 400,
  Unauthenticated: 401,
  Forbidden: 403,
  MobilityForbidden: 405,
  UnknownAttribute: 420,
  AllocationMismatch: 437,
  StaleNonce: 438,
  AddressFamilyNotSupported: 440,
  WrongCredentials: 441,
  UnsupportedTransport: 442,
  PeerAddressFamilyMismatch: 443,
  ConnectionAlreadyExists: 446,
  ConnectionTimeout: 447,
  AllocationQuotaReached: 486,
  RoleConflict: 487,
  ServerError: 500,
  InsufficientCapacity: 508,
} as const;

/** The reason phrases of the registry, for servers that send none and for explanations. */
export const ERROR_REASONS: Readonly<Record<number, string>> = {
  300: 'Try Alternate',
  400: 'Bad Request',
  401: 'Unauthenticated',
  403: 'Forbidden',
  405: 'Mobility Forbidden',
  420: 'Unknown Attribute',
  437: 'Allocation Mismatch',
  438: 'Stale Nonce',
  440: 'Address Family not Supported',
  441: 'Wrong Credentials',
  442: 'Unsupported Transport Protocol',
  443: 'Peer Address Family Mismatch',
  446: 'Connection Already Exists',
  447: 'Connection Timeout or Failure',
  486: 'Allocation Quota Reached',
  487: 'Role Conflict',
  500: 'Server Error',
  508: 'Insufficient Capacity',
};

const METHOD_NAMES = new Map<number, string>([
  [Method.Binding, 'Binding'],
  [Method.SharedSecret, 'SharedSecret'],
  [Method.Allocate, 'Allocate'],
  [Method.Refresh, 'Refresh'],
  [Method.Send, 'Send'],
  [Method.Data, 'Data'],
  [Method.CreatePermission, 'CreatePermission'],
  [Method.ChannelBind, 'ChannelBind'],
  [Method.Connect, 'Connect'],
  [Method.ConnectionBind, 'ConnectionBind'],
  [Method.ConnectionAttempt, 'ConnectionAttempt'],
  [Method.GoogPing, 'GOOG-PING'],
]);

const ATTRIBUTE_NAMES = new Map<number, string>([
  [0x0001, 'MAPPED-ADDRESS'],
  [0x0002, 'RESPONSE-ADDRESS'],
  [0x0003, 'CHANGE-REQUEST'],
  [0x0004, 'SOURCE-ADDRESS'],
  [0x0005, 'CHANGED-ADDRESS'],
  [0x0006, 'USERNAME'],
  [0x0007, 'PASSWORD'],
  [0x0008, 'MESSAGE-INTEGRITY'],
  [0x0009, 'ERROR-CODE'],
  [0x000a, 'UNKNOWN-ATTRIBUTES'],
  [0x000b, 'REFLECTED-FROM'],
  [0x000c, 'CHANNEL-NUMBER'],
  [0x000d, 'LIFETIME'],
  [0x0010, 'BANDWIDTH'],
  [0x0012, 'XOR-PEER-ADDRESS'],
  [0x0013, 'DATA'],
  [0x0014, 'REALM'],
  [0x0015, 'NONCE'],
  [0x0016, 'XOR-RELAYED-ADDRESS'],
  [0x0017, 'REQUESTED-ADDRESS-FAMILY'],
  [0x0018, 'EVEN-PORT'],
  [0x0019, 'REQUESTED-TRANSPORT'],
  [0x001a, 'DONT-FRAGMENT'],
  [0x001b, 'ACCESS-TOKEN'],
  [0x001c, 'MESSAGE-INTEGRITY-SHA256'],
  [0x001d, 'PASSWORD-ALGORITHM'],
  [0x001e, 'USERHASH'],
  [0x0020, 'XOR-MAPPED-ADDRESS'],
  [0x0021, 'TIMER-VAL'],
  [0x0022, 'RESERVATION-TOKEN'],
  [0x0024, 'PRIORITY'],
  [0x0025, 'USE-CANDIDATE'],
  [0x0026, 'PADDING'],
  [0x0027, 'RESPONSE-PORT'],
  [0x002a, 'CONNECTION-ID'],
  [0x8000, 'ADDITIONAL-ADDRESS-FAMILY'],
  [0x8001, 'ADDRESS-ERROR-CODE'],
  [0x8002, 'PASSWORD-ALGORITHMS'],
  [0x8003, 'ALTERNATE-DOMAIN'],
  [0x8004, 'ICMP'],
  [0x8022, 'SOFTWARE'],
  [0x8023, 'ALTERNATE-SERVER'],
  [0x8025, 'TRANSACTION_TRANSMIT_COUNTER'],
  [0x8027, 'CACHE-TIMEOUT'],
  [0x8028, 'FINGERPRINT'],
  [0x8029, 'ICE-CONTROLLED'],
  [0x802a, 'ICE-CONTROLLING'],
  [0x802b, 'RESPONSE-ORIGIN'],
  [0x802c, 'OTHER-ADDRESS'],
  [0x802d, 'ECN-CHECK STUN'],
  [0x802e, 'THIRD-PARTY-AUTHORIZATION'],
  [0x8030, 'MOBILITY-TICKET'],
  [0xc000, 'CISCO-STUN-FLOWDATA'],
  [0xc001, 'ENF-FLOW-DESCRIPTION'],
  [0xc002, 'ENF-NETWORK-STATUS'],
  [0xc057, 'GOOG-NETWORK-INFO'],
  [0xc058, 'GOOG-LAST-ICE-CHECK-RECEIVED'],
  [0xc059, 'GOOG-MISC-INFO'],
  [0xc05a, 'GOOG-OBSOLETE-1'],
  [0xc05b, 'GOOG-CONNECTION-ID'],
  [0xc05c, 'GOOG-DELTA'],
  [0xc05d, 'GOOG-DELTA-ACK'],
  [0xc05e, 'GOOG-DELTA-SYNC-REQ'],
  [0xc060, 'GOOG-MESSAGE-INTEGRITY-32'],
]);

/** `Allocate`; a method that nobody registered reads `method 0x0fe`. */
export function methodName(method: number): string {
  return METHOD_NAMES.get(method) ?? `method 0x${method.toString(16).padStart(3, '0')}`;
}

/** `XOR-MAPPED-ADDRESS`; a type that nobody registered reads `0x7fff`. */
export function attributeName(type: number): string {
  return ATTRIBUTE_NAMES.get(type) ?? `0x${type.toString(16).padStart(4, '0')}`;
}

export function isRegistered(type: number): boolean {
  return ATTRIBUTE_NAMES.has(type);
}

/** RFC 8489 14: types below 0x8000 must be understood, or the message is refused with 420. */
export function isComprehensionRequired(type: number): boolean {
  return type < 0x8000;
}
