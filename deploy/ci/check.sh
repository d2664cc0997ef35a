#!/usr/bin/env bash
# One check in a job of GitHub Actions: annotations into the log, Markdown for the summary and the comment, SARIF. Its settings are
# variables (see .github/actions/check/action.yml). It always ends well: what came of it is the output `result`.
set -euo pipefail

comment=$RUNNER_TEMP/pointsman-comment.md
arguments=(check --format github --write "markdown=$comment")
[[ -z ${CONFIG:-} ]] || arguments=(--config "$CONFIG" "${arguments[@]}")
[[ -z ${SARIF:-} ]] || arguments+=(--write "sarif=$SARIF")
[[ -z ${BASELINE:-} ]] || arguments+=(--baseline "$BASELINE")
if [[ -n ${URL:-} ]]; then
    arguments+=(--url "$URL")
else
    [[ -z ${REPO:-} ]] || arguments+=(--repo "$REPO")
    arguments+=(--)
    while IFS= read -r file; do
        [[ -z $file ]] || arguments+=("$file")
    done <<< "${FILES:-}"
fi

rm -f "$comment"
code=0
"${PROGRAM:-pointsman}" "${arguments[@]}" || code=$?
case $code in
    0) result=passed ;;
    1) result=failed ;;
    *) result=undecided ;;
esac
if [[ ! -s $comment ]]; then
    printf '### Pointsman\n\n**Could not judge: the log of the job says why.**\n' > "$comment"
fi
echo "result=$result" >> "$GITHUB_OUTPUT"
cat "$comment" >> "$GITHUB_STEP_SUMMARY"
