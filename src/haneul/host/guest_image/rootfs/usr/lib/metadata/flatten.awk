# Print each value of a JSON document as its path, a tab and the value: {"a": {"b": [1]}} becomes "a.b.0<TAB>1".
BEGIN { RS = "\001" }
{ rest = $0; value("") }

function token(    found) {
    match(rest, /^[ \t\r\n]*("([^"\\]|\\.)*"|[][{}:,]|[^][ \t\r\n{}:,"]+)/)
    found = substr(rest, 1, RLENGTH)
    rest = RLENGTH > 0 ? substr(rest, RLENGTH + 1) : ""
    sub(/^[ \t\r\n]+/, "", found)
    return found
}

function text(quoted) {
    if (quoted !~ /^"/) return quoted
    quoted = substr(quoted, 2, length(quoted) - 2)
    gsub(/\\[nr]/, " ", quoted)
    gsub(/\\t/, " ", quoted)
    gsub(/\\\//, "/", quoted)
    gsub(/\\"/, "\"", quoted)
    gsub(/\\\\/, "\\", quoted)
    sub(/ +$/, "", quoted)
    return quoted
}

function below(path, name) {
    return path == "" ? name : path "." name
}

function value(path,    first, name, at) {
    first = token()
    if (first == "{") {
        for (name = token(); name != "}" && name != ""; name = token()) {
            if (name == ",") continue
            token()
            value(below(path, text(name)))
        }
    } else if (first == "[") {
        for (at = 0; rest !~ /^[ \t\r\n]*\]/ && rest != ""; at++) {
            value(below(path, at))
            if (rest ~ /^[ \t\r\n]*,/) token()
        }
        token()
    } else if (first != "null") {
        print path "\t" text(first)
    }
}
