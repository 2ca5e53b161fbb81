/** Three digits that count, thousands apart: 0.0123, 4.56, 78.9, 1,234. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  const digits = size === 0 || size >= 100 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(size)));
  return value.toLocaleString('en', {
    minimumFractionDigits: 0,
    maximumFractionDigits: Math.min(digits, 6),
  });
}

/** With its unit, and nothing for what was not measured. */
export function withUnit(value: number, unit: string): string {
  return Number.isNaN(value) ? '–' : `${numberText(value)} ${unit}`;
}

/** A share as a percentage: 0.001 is 0.1 %. */
export function percentText(share: number): string {
  return Number.isNaN(share) ? '–' : `${numberText(share * 100)} %`;
}

/** Hundredths of a core are the least that tells anything. */
export function coresText(cores: number): string {
  return Number.isNaN(cores) ? '–' : cores.toFixed(2);
}
