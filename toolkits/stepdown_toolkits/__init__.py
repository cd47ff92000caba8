"""Python toolkits of Stepdown; called as `python -m stepdown_toolkits <toolkit> <verb>`."""
