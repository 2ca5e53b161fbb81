module github.com/woodytoys/problems

go 1.21
