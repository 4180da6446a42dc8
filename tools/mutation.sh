#!/bin/sh
# Changes the maskers' code in every small way that mutmut knows, one at a time, and asks the tests whether they notice.
# Works on a copy; mutmut comes into a virtual environment of its own. Tables and regular expressions at the top of a file
# are not changed by mutmut: tests/masking/test_addresses_words.py and the vectors hold those word by word.
# usage: tools/mutation.sh [MODULE ...]     default: names phones phone_numbers addresses addresses_han addresses_latin postcodes contacts
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=${MUTATION_DIR:-$root/out/mutation}
modules=${*:-names phones phone_numbers addresses addresses_han addresses_latin postcodes contacts}
python=${PYTHON:-$root/.venv/bin/python}

mkdir -p "$work"
[ -x "$work/venv/bin/mutmut" ] || { "$python" -m venv "$work/venv"; "$work/venv/bin/pip" --quiet install "mutmut>=3.8,<4" pytest pytest-timeout hypothesis phonenumbers regex; }
rm -rf "$work/tree" && mkdir -p "$work/tree/tests/masking"
cp -r "$root/masking" "$work/tree/"
cp -r "$root/tests/vectors" "$work/tree/tests/"
for test in names phones phone_numbers addresses addresses_han addresses_latin addresses_words postcodes contacts; do
    cp "$root/tests/masking/test_$test.py" "$work/tree/tests/masking/"
done
cp "$root/tests/masking/maskers.py" "$root/tests/masking/test_masking_laws.py" "$work/tree/tests/masking/"
cd "$work/tree"
{
    echo "[mutmut]"
    echo "source_paths=masking"
    echo "only_mutate="
    for module in $modules; do echo "    masking/$module.py"; done
    echo "pytest_add_cli_args_test_selection=tests/masking"
    echo "pytest_add_cli_args="
    echo "    -m"
    echo "    not slow"
    echo "    -k"
    echo "    not hostile and not twice and not spellings_of_one and not labelled and not register"
    echo "also_copy="
    echo "    tests"
    echo "    pytest.ini"
} > setup.cfg
printf '[pytest]\naddopts = -q --import-mode=importlib -p no:cacheprovider\nmarkers = slow: longer\npythonpath = .\n' > pytest.ini
"$work/venv/bin/mutmut" run --max-children "${WORKERS:-2}" > "$work/run.log" 2>&1 || true
# The last count: mutants, killed, untested, timed out (killed too), suspicious, survived, skipped.
tr '\r' '\n' < "$work/run.log" | grep '/' | tail -1
"$work/venv/bin/mutmut" results
