/** Numbers as Grafana's units write them, with three digits. */
export function formatValue(value: number, unit: string): string {
  if (Number.isNaN(value)) return '–';
  if (unit.startsWith('suffix:')) return `${plain(value)}${unit.slice('suffix:'.length)}`;
  switch (unit) {
    case 's':
      return formatSeconds(value);
    case 'bytes':
      return formatBytes(value);
    case 'percentunit':
      return `${plain(value * 100)}%`;
    case 'reqps':
      return `${plain(value)} req/s`;
    case 'ops':
      return `${plain(value)} ops/s`;
    default:
      return plain(value);
  }
}

function formatSeconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size < 0.001) return `${plain(value * 1e6)} µs`;
  if (size < 1) return `${plain(value * 1e3)} ms`;
  if (size < 120) return `${plain(value)} s`;
  return `${plain(value / 60)} min`;
}

function formatBytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value)) / 10);
  const index = Math.min(Math.max(power, 0), units.length - 1);
  return `${plain(value / 1024 ** index)} ${units[index]}`;
}

function plain(value: number): string {
  if (Math.abs(value) >= 1000) {
    const thousands = Math.abs(value) >= 1e6 ? [1e6, 'M'] : [1e3, 'K'];
    return `${digits(value / Number(thousands[0]))}${thousands[1]}`;
  }
  return digits(value);
}

const digits = (value: number) => String(Number(value.toPrecision(3)));
