/** Put in by the build and by the tests' configuration, from package.json. */
declare const __ICEPROBE_VERSION__: string;

/** The version of iceprobe, as in package.json. */
export const VERSION: string = __ICEPROBE_VERSION__;
