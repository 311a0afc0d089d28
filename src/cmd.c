typedef int lg_cmd_empty;
