export * from './attributes/rfc5780.ts';
export * from './attributes/rfc8445.ts';
export * from './attributes/rfc8489.ts';
export * from './attributes/rfc8656.ts';
