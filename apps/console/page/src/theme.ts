import { el } from './dom.ts';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const key = 'woodytoys-console-theme';
const titles: Readonly<Record<Theme, string>> = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
};

export interface ThemeSwitch {
  readonly root: HTMLElement;
}

/**
 * A choice of light and dark that outlives the visit; without one the system's is followed.
 *
 * @param onChange called when the colours have changed, also by the system
 */
export function createThemeSwitch(onChange: () => void): ThemeSwitch {
  const root = document.documentElement;
  const select = el(
    'select',
    { id: 'theme', 'aria-label': 'Colours' },
    ...THEMES.map((theme) => el('option', { value: theme }, titles[theme])),
  );

  function apply(theme: Theme): void {
    if (theme === 'system') root.removeAttribute('data-theme');
    else root.setAttribute('data-theme', theme);
    onChange();
  }

  select.value = remembered();
  apply(select.value as Theme);
  select.addEventListener('change', () => {
    remember(select.value);
    apply(select.value as Theme);
  });
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)']) {
    matchMedia(query).addEventListener('change', onChange);
  }
  return { root: select };
}

/** A browser may refuse to store anything. */
function remembered(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(key)) ?? 'system';
  } catch {
    return 'system';
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(key, theme);
  } catch {
    // It holds for this visit then.
  }
}
