# shellcheck shell=bash
# Sourced: what a program for another machine asks of it. Needs readelf (binutils).

# highest_glibc FILE: the newest version of glibc that a symbol of FILE asks for, such as 2.31; nothing if none does.
highest_glibc() {
  readelf --wide --version-info "$1" 2>/dev/null | grep -oE 'GLIBC_[0-9]+(\.[0-9]+)+' | sed 's/^GLIBC_//' |
    sort -Vu | tail -n 1
}

# symbols_above FILE VERSION: the symbols of FILE that ask for a newer glibc, one a line.
symbols_above() {
  readelf --wide --dyn-syms "$1" | grep -oE '[A-Za-z0-9_]+@+GLIBC_[0-9.]+' | sort -u |
    while IFS= read -r symbol; do
      newer "${symbol##*GLIBC_}" "$2" && echo "$symbol"
      true
    done
}

# newer A B: whether version A is above version B.
newer() {
  [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$1" ]
}

# libraries FILE: the dynamic libraries that FILE is linked with, one a line.
libraries() {
  readelf --wide --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}
