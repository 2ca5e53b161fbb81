/** The oldest major version of Node that can run the bootstrap; the platform itself brings its own. */
const OLDEST_MAJOR = 20;

/** Ends the process with one line when this Node is too old. Must parse on much older ones. */
export function requireNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= OLDEST_MAJOR) return;
  process.stderr.write(
    `This needs Node ${OLDEST_MAJOR} or newer to start, but is run by ${process.version}. ` +
      'Install a newer one (https://nodejs.org) and try again.\n',
  );
  process.exit(1);
}
