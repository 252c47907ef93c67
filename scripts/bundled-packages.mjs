// What of other people's code is in dist/: its licences, and the bill of materials.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

/**
 * @typedef {object} BundledPackage
 * @property {string} folder   relative to the project
 * @property {string} name
 * @property {string} version
 * @property {string} license  SPDX
 */

/**
 * The packages whose code is left after tree shaking, by name.
 * @param {import("esbuild").Metafile[]} metafiles
 * @returns {BundledPackage[]}
 */
export function bundledPackages(...metafiles) {
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  const files = outputs.flatMap(({ inputs }) =>
    Object.keys(inputs).filter((path) => (inputs[path]?.bytesInOutput ?? 0) > 0),
  );
  const folders = new Set(files.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  return [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return { folder, name, version, license };
  });
}

/**
 * The notice of each: their licences ask for it.
 * @param {readonly BundledPackage[]} packages
 */
export function licences(packages) {
  const notices = packages.map(({ folder, name, version, license }) => {
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e\b/i.test(entry));
    if (file === undefined) throw new Error(`${name} is bundled but brings no licence text`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`;
  });
  // The same version of a package may be installed in several places.
  return [...new Set(notices)].sort().join(`\n${'-'.repeat(80)}\n\n`);
}

/**
 * A bill of materials (CycloneDX 1.5): what is bundled, each by the hash that the lock file pins. `npm sbom` would see none of
 * it, for the published package has no dependencies.
 * @param {readonly BundledPackage[]} packages
 * @param {string} version  of iceprobe
 */
export function billOfMaterials(packages, version) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const components = new Map(
    packages.map(({ folder, name, version: own, license }) => {
      const purl = `pkg:npm/${name.replace('@', '%40')}@${own}`;
      const [algorithm = '', hash = ''] = String(lock.packages[folder]?.integrity ?? '').split('-');
      if (algorithm !== 'sha512') throw new Error(`${folder} is not pinned by a SHA-512 in the lock file`);
      return [
        purl,
        {
          type: 'library',
          'bom-ref': purl,
          name,
          version: own,
          licenses: [{ license: { id: license } }],
          purl,
          hashes: [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }],
        },
      ];
    }),
  );
  const own = `pkg:npm/iceprobe@${version}`;
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': own,
        name: 'iceprobe',
        version,
        licenses: [{ license: { id: 'MIT' } }],
        purl: own,
      },
    },
    components: [...components.values()],
    dependencies: [{ ref: own, dependsOn: [...components.keys()] }],
  };
  return `${JSON.stringify(bill, null, 1)}\n`;
}
