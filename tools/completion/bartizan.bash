# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of the bartizan command for bash (and for zsh by way of bashcompinit: see
# docs/ports.md). Everything that it offers it asks the command itself.

# The words of `bartizan [COMMAND] --help' that are commands.
_bartizan_commands() {
    "${COMP_WORDS[0]}" "$@" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'
}

_bartizan_options() {
    "${COMP_WORDS[0]}" "$@" --help 2>/dev/null | grep -o -- '--[a-z][a-z0-9-]*' | sort -u
}

_bartizan_guests() {
    "${COMP_WORDS[0]}" lab ls 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_bartizan_offer() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

# What stands behind an option; false where that isn't one that we know.
_bartizan_value() {
    local guests
    case $1 in
    --target)
        guests=$(_bartizan_guests | sed 's/^/lab:/')
        _bartizan_offer "$guests"
        # Readline takes a colon for the end of a word.
        [[ ${COMP_WORDS[COMP_CWORD]} != *:* ]] || COMPREPLY=("${COMPREPLY[@]#*:}")
        ;;
    --backend) _bartizan_offer 'sgx sim plain' ;;
    --kernel) _bartizan_offer "$("${COMP_WORDS[0]}" lab kernels 2>/dev/null | awk '{ print $1 }')" ;;
    --agent | --grantor | --verifier | --aesm | --every | --count | --owner | --profile | --at | --new-epoch | --netns | --pid-namespace | --memory | --cpus | --cpu | --append | --channel | --key | --output) COMPREPLY=() ;;
    *) return 1 ;;
    esac
}

# bartizan run: options, then a program, then the program's own arguments.
_bartizan_run() {
    local i word
    for ((i = 2; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        --target | --backend | --agent | --grantor | --verifier | --aesm | --every | --count | --owner | --profile | --at | --new-epoch | --netns | --pid-namespace)
            # "lab:demo" and "net:[4026531840]" are three words to readline, and --target=T is three, too.
            i=$((i + 1))
            [ "${COMP_WORDS[i]:-}" != = ] || i=$((i + 1))
            [ "${COMP_WORDS[i + 1]:-}" != : ] || i=$((i + 2))
            ;;
        -*) ;;
        *) COMPREPLY=(); return ;;
        esac
    done
    case ${COMP_WORDS[COMP_CWORD]} in
    -*) _bartizan_offer "$(_bartizan_options run)" ;;
    */*) COMPREPLY=() ;;
    *) _bartizan_offer "$("${COMP_WORDS[0]}" run --list 2>/dev/null)" ;;
    esac
}

_bartizan() {
    local before=${COMP_WORDS[COMP_CWORD - 1]}
    [ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
    # --target lab: and --target=lab:
    if [ "${COMP_WORDS[COMP_CWORD]}" = : ] || [ "$before" = : ]; then
        _bartizan_offer "$(_bartizan_guests)"
        return
    fi
    ! _bartizan_value "$before" || return 0
    if [ "$COMP_CWORD" = 1 ]; then
        _bartizan_offer "$(_bartizan_commands)"
        return
    fi
    case ${COMP_WORDS[1]} in
    run) _bartizan_run; return ;;
    lab | image | profile | grant)
        if [ "$COMP_CWORD" = 2 ]; then
            _bartizan_offer "$(_bartizan_commands "${COMP_WORDS[1]}")"
            return
        fi
        ;;
    esac
    case ${COMP_WORDS[1]}:${COMP_WORDS[2]} in
    lab:exec | lab:down) _bartizan_offer "$(_bartizan_guests)" ;;
    *)
        case ${COMP_WORDS[COMP_CWORD]} in
        -*) _bartizan_offer "$(_bartizan_options "${COMP_WORDS[1]}")" ;;
        esac
        ;;
    esac
}

complete -o default -F _bartizan bartizan
